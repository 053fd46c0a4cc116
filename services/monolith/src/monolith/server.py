"""The TCP port: frames in, frames out, one request after the other on each connection."""

import asyncio
import logging
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from typing import Final

from prometheus_client import Gauge

from chassis.settings import SettingsError
from monolith.dispatch import Dispatch, refusal_answer
from monolith.frames import LENGTH, MalformedFrame, read_length, read_request, write_answer
from monolith.refusals import UnreadableFrame

logger = logging.getLogger(__name__)

CONNECTIONS: Final = Gauge("agora_monolith_connections", "Connections that are open.")

_BACKLOG: Final = 2048
# A frame that began must end, and an answer must be taken, within this; between two frames a client may be silent.
_STALL_S: Final = 10.0
_DRAIN_S: Final = 10.0


class Connection:
    def __init__(self, dispatch: Dispatch, reader: StreamReader, writer: StreamWriter) -> None:
        self._dispatch = dispatch
        self._reader = reader
        self._writer = writer
        self._client_address = str((writer.get_extra_info("peername") or ("",))[0])
        self._is_busy = False
        self._is_stopping = False

    async def serve(self) -> None:
        """Until the client leaves, or sends what is no frame. Never raises."""
        try:
            while not self._is_stopping and (body := await self._read_frame()) is not None:
                self._is_busy = True
                await self._send(write_answer(await self._dispatch.answer(read_request(body), self._client_address)))
                self._is_busy = False
        except MalformedFrame as malformed:
            self._writer.write(write_answer(refusal_answer(0, UnreadableFrame(str(malformed)))))
        except (OSError, TimeoutError):
            pass  # it left, or stopped in the middle of a frame
        finally:
            self._writer.close()

    def stop(self) -> None:
        """Close once the request that is being answered is."""
        self._is_stopping = True
        if not self._is_busy:
            self._writer.close()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _read_frame(self) -> bytes | None:
        """What follows the length of the next frame; None when the client left."""
        try:
            length = read_length(await self._reader.readexactly(LENGTH.size))
            async with asyncio.timeout(_STALL_S):
                return await self._reader.readexactly(length)
        except IncompleteReadError:
            return None

    async def _send(self, frame: bytes) -> None:
        self._writer.write(frame)
        async with asyncio.timeout(_STALL_S):
            await self._writer.drain()


class SocketServer:
    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port, which 0 leaves to the system. Raises SettingsError when it is taken."""
        try:
            self._server = await asyncio.start_server(self._accept, host, port, backlog=_BACKLOG)
        except OSError as error:
            raise SettingsError(f"MONOLITH_PORT: cannot listen on {host}:{port}, {error.strerror}") from None
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more connections, close the idle ones, let the busy ones answer."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections.values():
            connection.stop()
        if self._connections:
            await asyncio.wait(self._connections, timeout=_DRAIN_S)
        for connection in self._connections.values():
            connection.abort()

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = self._connections[task] = Connection(self._dispatch, reader, writer)
        CONNECTIONS.inc()
        try:
            await connection.serve()
        finally:
            CONNECTIONS.dec()
            del self._connections[task]
