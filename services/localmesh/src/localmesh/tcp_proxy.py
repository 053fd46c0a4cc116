"""TCP proxy that forwards each connection to one address and can stall, delay or reset what passes."""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from random import Random

CHUNK_BYTES = 64 * 1024
# The least that a lost packet costs: Linux retransmits after 200 ms and doubles the pause each time.
RETRANSMISSIONS_S = (0.2, 0.4, 0.8)
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Condition:
    """State of a network path from a caller to a callee.

    A stalled direction delivers nothing until it is healed, not even the end of a connection, as a partition does;
    `reset` aborts every connection and each new one. `loss` is the probability that a chunk has to be retransmitted.
    """

    stall_requests: bool = False
    stall_replies: bool = False
    reset: bool = False
    delay_s: float = 0.0
    loss: float = 0.0


HEALTHY = Condition()


class TcpProxy:
    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._condition = HEALTHY
        self._healed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._random = Random(port)  # noqa: S311 - loss, not a secret
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int = 0) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._forward, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def set_condition(self, condition: Condition) -> None:
        self._condition = condition
        self._healed.set()
        self._healed = asyncio.Event()
        if condition.reset:
            self._abort_all()

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.close()
        self.set_condition(Condition(reset=True))
        if self._server is not None:
            await self._server.wait_closed()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = [writer]
        self._writers.add(writer)
        try:
            await self._until_connectable()
            callee_reader, callee_writer = await asyncio.open_connection(*self._target)
            opened.append(callee_writer)
            self._writers.add(callee_writer)
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pump(reader, callee_writer, "stall_requests"))
                directions.create_task(self._pump(callee_reader, writer, "stall_replies"))
        except* OSError:  # one side was reset or refused the connection, so the other is reset
            for each in opened:
                _abort(each)
        finally:
            for each in opened:
                each.close()
                self._writers.discard(each)

    async def _until_connectable(self) -> None:
        """Raise ConnectionResetError for a path that resets. A handshake needs both directions."""
        while self._condition.stall_requests or self._condition.stall_replies:
            await self._healed.wait()
        if self._condition.reset:
            raise ConnectionResetError

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        while True:
            try:
                chunk = await reader.read(CHUNK_BYTES)
            except OSError:
                await self._deliverable(direction)
                raise
            await self._deliverable(direction)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    async def _deliverable(self, direction: str) -> None:
        while getattr(self._condition, direction):
            await self._healed.wait()
        delay_s = self._condition.delay_s
        if self._random.random() < self._condition.loss:
            delay_s += self._random.choice(RETRANSMISSIONS_S)
        if delay_s:
            await asyncio.sleep(delay_s)

    def _abort_all(self) -> None:
        for writer in self._writers:
            _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
