"""A client's connection: frames in, frames out, one request after the other, within the limits of all connections."""

import asyncio
import time
from enum import StrEnum
from typing import Final

from chassis.connections import Connections, close
from chassis.errors import Refusal
from monolith.dispatch import Dispatch, refusal_answer
from monolith.frames import LENGTH, MalformedFrame, read_length, read_request, write_answer
from monolith.refusals import TooManyConnections, UnreadableFrame

# Sent ahead while a request is being answered; when there is more, the client has to wait.
MAX_AHEAD_BYTES: Final = 64 * 1024
# Of answers that are not taken; when more is waiting, the next request waits too.
_WRITE_BUFFER_BYTES: Final = 64 * 1024


class Awaited(StrEnum):
    """What a connection needs of its client to go on; the values are those of the metric's `limit`."""

    REQUEST = "idle"
    FRAME = "frame"
    READING = "write"


class Connection(asyncio.Protocol):
    def __init__(self, dispatch: Dispatch, connections: "Connections[Connection]") -> None:
        self.peer = ""
        self.task: asyncio.Task[None] | None = None
        self._dispatch = dispatch
        self._open = connections
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._has_ended = False
        self._is_stopping = False
        self._has_answered = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._awaited: Awaited | None = None
        self._awaited_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        transport.set_write_buffer_limits(_WRITE_BUFFER_BYTES)
        if self._open.admit(self):
            self._follow()
        else:
            self.evict()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it ended
        self._is_stopping = True
        self._writable.set()
        self._received.clear()
        self._open.leave(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self.task is None:
            self._begin()
        elif len(self._received) > MAX_AHEAD_BYTES:
            self._transport.pause_reading()
        self._follow()

    def eof_received(self) -> bool:
        """Keep the connection until all that came is answered."""
        self._has_ended = True
        self._close_if_done()
        return True

    def pause_writing(self) -> None:
        self._writable.clear()
        self._follow()

    def resume_writing(self) -> None:
        self._writable.set()
        self._follow()

    def stop(self) -> None:
        """Close once the request that is being answered is."""
        self._is_stopping = True
        self._close_if_done()

    def abort(self) -> None:
        self._transport.abort()

    def idle_rank(self) -> tuple[int, float] | None:
        """Those that were never answered first, then idle, then in the middle of a frame; of each the oldest."""
        if self._awaited is None:
            return None
        if not self._has_answered:
            return 0, self._awaited_since
        return 1 if self._awaited is Awaited.REQUEST else 2, self._awaited_since

    def evict(self) -> None:
        self._received.clear()
        if self.task is None:
            self._reject(TooManyConnections())
        else:
            self._transport.abort()

    def on_deadline(self) -> str:
        if self._awaited is Awaited.READING:
            self._transport.abort()
        else:
            self._transport.close()
        return self._awaited or ""

    def _begin(self) -> None:
        try:
            body = self._take_frame()
        except MalformedFrame as malformed:
            self._reject(UnreadableFrame(str(malformed)))
            return
        if body is not None:
            self.task = asyncio.get_running_loop().create_task(self._answer(body))

    async def _answer(self, first: bytes) -> None:
        """Answer this frame, and those that came meanwhile. Never raises."""
        body: bytes | None = first
        try:
            while body is not None:
                answer = await self._dispatch.answer(read_request(body), self.peer)
                self._transport.write(write_answer(answer))
                self._has_answered = True
                await self._writable.wait()
                body = None if self._is_stopping else self._take_frame()
                if body is not None:
                    # Some methods never wait, so that a client which sends ahead would keep all others waiting.
                    await asyncio.sleep(0)
        except MalformedFrame as malformed:
            self._reject(UnreadableFrame(str(malformed)))
        finally:
            self.task = None
            self._transport.resume_reading()
            self._close_if_done()
            self._follow()

    def _take_frame(self) -> bytes | None:
        """Return what follows the length of the next frame, once it is there. Raises MalformedFrame."""
        if len(self._received) < LENGTH.size:
            return None
        end = LENGTH.size + read_length(bytes(self._received[: LENGTH.size]))
        if len(self._received) < end:
            return None
        body = bytes(self._received[LENGTH.size : end])
        del self._received[:end]
        return body

    def _reject(self, refusal: Refusal) -> None:
        self._transport.write(write_answer(refusal_answer(0, refusal)))
        self._is_stopping = True
        close(self._transport)

    def _close_if_done(self) -> None:
        if self.task is None and (self._is_stopping or self._has_ended):
            close(self._transport)

    def _follow(self) -> None:
        """Note what is awaited now, and how much memory it takes."""
        awaited = self._needed()
        if awaited is not self._awaited:
            self._awaited, self._awaited_since = awaited, time.monotonic()
            if awaited is None:
                self._open.settle(self)
            else:
                self._open.expect(self, self._timeout_s(awaited))
        unsent = self._transport.get_write_buffer_size() if awaited is Awaited.READING else 0
        self._open.hold(self, len(self._received) + unsent)

    def _needed(self) -> Awaited | None:
        """None while a request is being answered."""
        if not self._writable.is_set():
            return Awaited.READING
        if self.task is not None:
            return None
        return Awaited.FRAME if self._received else Awaited.REQUEST

    def _timeout_s(self, awaited: Awaited) -> float:
        limits = self._open.limits
        match awaited:
            case Awaited.REQUEST:
                return limits.idle_timeout_s
            case Awaited.FRAME:
                return limits.receive_timeout_s
            case Awaited.READING:
                return limits.send_timeout_s
