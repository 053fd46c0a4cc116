"""On a busy gateway, what one turn of the loop writes to a connection leaves at its end, in one packet.

uvicorn writes the head and the body of an answer apart, and uvloop makes a system call of each write at once. Each
wakes a reader, who then takes the processor from the answers that are nearly ready. Ten clients of cached answers get
a quarter more of them this way, and a hundred half as many more. A lone client waits for nobody, so neither does its
answer.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from chassis.connections import close

# Larger pieces leave at once, so that a stream that is faster than its reader is told so.
_MAX_HELD_BYTES: Final = 32 * 1024


class JoinedWrites(asyncio.Transport):
    """A transport before another; all but writing and closing is the other's own."""

    def __init__(self, transport: asyncio.Transport, is_busy: Callable[[], bool]) -> None:
        """`is_busy` tells whether requests of others are under way too."""
        super().__init__()
        self._transport = transport
        self._is_busy = is_busy
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._held:
            self._hold(data)
        elif self._is_busy():
            self._loop.call_soon(self._flush)
            self._hold(data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        close(self._transport)

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._held_bytes + self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def _hold(self, data: bytes | bytearray | memoryview) -> None:
        self._held.append(bytes(data))
        self._held_bytes += len(data)
        if self._held_bytes > _MAX_HELD_BYTES:
            self._flush()

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        # Whoever was to read it may have gone within this turn.
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))
