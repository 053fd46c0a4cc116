"""Writes of one turn of a busy loop leave together; nothing is lost, held for long, or out of order."""

import asyncio
from typing import Any

import pytest

from gateway.joined_writes import JoinedWrites

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"8"
LARGE = b"x" * 100_000


class Recorder(asyncio.Transport):
    """What reaches the connection, in order."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.events: list[Any] = []
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.events.append(data)

    def close(self) -> None:
        self.events.append("close")

    def abort(self) -> None:
        self.events.append("abort")

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return "close" in self.events

    def pause_reading(self) -> None:
        self.events.append("pause")

    def resume_reading(self) -> None:
        self.events.append("resume")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def transport(recorder: Recorder) -> JoinedWrites:
    """One of a busy gateway."""
    return JoinedWrites(recorder, lambda: True)


async def test_head_and_body_leave_together_when_the_turn_ends(transport: JoinedWrites, recorder: Recorder):
    transport.write(HEAD)
    transport.write(b"")
    transport.write(BODY)
    assert not recorder.events
    await asyncio.sleep(0)
    assert recorder.events == [HEAD + BODY]
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert recorder.events == [HEAD + BODY, HEAD]


async def test_a_lone_answer_is_not_held(recorder: Recorder):
    others = ["another"]
    transport = JoinedWrites(recorder, lambda: bool(others))
    transport.write(HEAD)
    others.clear()
    transport.write(BODY)
    await asyncio.sleep(0)
    # What began to be held is held to its end: a body never comes before its head.
    assert recorder.events == [HEAD + BODY]
    transport.write(HEAD)
    assert recorder.events == [HEAD + BODY, HEAD]


async def test_a_large_piece_leaves_at_once_behind_what_was_held(transport: JoinedWrites, recorder: Recorder):
    transport.write(HEAD)
    transport.write(LARGE)
    assert recorder.events == [HEAD + LARGE]
    transport.write(LARGE)
    transport.write(BODY)
    await asyncio.sleep(0)
    assert recorder.events == [HEAD + LARGE, LARGE, BODY]


async def test_what_is_held_leaves_before_the_connection_closes(transport: JoinedWrites, recorder: Recorder):
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert recorder.events == [HEAD, "close"]
    assert transport.is_closing()


async def test_close_aborts_a_client_that_reads_nothing(recorder: Recorder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("chassis.connections.CLOSE_TIMEOUT_S", 0.0)
    transport = JoinedWrites(recorder, lambda: True)
    recorder.unsent = 8
    transport.close()
    assert recorder.events == ["close"]
    async with asyncio.timeout(60):
        while recorder.events != ["close", "abort"]:
            await asyncio.sleep(0)


async def test_what_is_held_for_a_connection_that_is_gone_is_dropped(transport: JoinedWrites, recorder: Recorder):
    transport.write(HEAD)
    recorder.close()
    await asyncio.sleep(0)
    transport.write(BODY)
    await asyncio.sleep(0)
    assert recorder.events == ["close"]


async def test_a_buffer_may_be_used_again_by_its_writer(transport: JoinedWrites, recorder: Recorder):
    buffer = bytearray(HEAD)
    transport.write(buffer)
    buffer[:] = BODY
    await asyncio.sleep(0)
    assert recorder.events == [HEAD]


async def test_all_else_is_the_connections_own(transport: JoinedWrites, recorder: Recorder):
    transport.pause_reading()
    transport.resume_reading()
    assert recorder.events == ["pause", "resume"]
    assert transport.get_extra_info("peername") == ("127.0.0.1", 1)
    assert transport.get_extra_info("nothing", 8) == 8
    recorder.unsent = 8
    transport.write(HEAD)
    assert transport.get_write_buffer_size() == 8 + len(HEAD)
