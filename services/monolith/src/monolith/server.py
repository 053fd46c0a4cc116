"""The TCP port: takes connections, and ends them when the process stops."""

import asyncio
from typing import Final

from chassis.connections import Connections
from chassis.settings import ConnectionLimits, SettingsError
from monolith.connection import Connection
from monolith.dispatch import Dispatch

_BACKLOG: Final = 2048
_DRAIN_S: Final = 10.0


class SocketServer:
    def __init__(self, dispatch: Dispatch, limits: ConnectionLimits) -> None:
        self._dispatch = dispatch
        self._connections: Connections[Connection] = Connections(limits)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port, which 0 leaves to the system. Raises SettingsError when it is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connection, host, port, backlog=_BACKLOG)
        except OSError as error:
            raise SettingsError(f"MONOLITH_PORT: cannot listen on {host}:{port}, {error.strerror}") from None
        return int(self._server.sockets[0].getsockname()[1])

    async def sweep(self) -> None:
        """Close connections whose deadline has passed; to be called every `SWEEP_EVERY_S`."""
        self._connections.sweep()

    async def stop(self) -> None:
        """Take no more connections, close the idle ones, let the busy ones answer."""
        if self._server is not None:
            self._server.close()
        connections = [*self._connections]
        for connection in connections:
            connection.stop()
        if tasks := [connection.task for connection in connections if connection.task is not None]:
            await asyncio.wait(tasks, timeout=_DRAIN_S)
        for connection in connections:
            connection.abort()

    def _connection(self) -> Connection:
        return Connection(self._dispatch, self._connections)
