"""Whatever callers and flushes do, and in whatever order: every call that is not cancelled gets its own answer."""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

from hypothesis import given
from hypothesis import strategies as st

from chassis.batching import Batcher
from chassis.errors import Unavailable


class Fate(Enum):
    ANSWER = auto()
    RAISE = auto()
    CANCEL = auto()
    LOSE_ONE = auto()


@dataclass(frozen=True)
class Call:
    turns_before: int
    cancelled_after: int | None


CALLS = st.builds(Call, st.integers(0, 4), st.none() | st.integers(0, 6))
FLUSHES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Fate)), max_size=20)


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class World:
    def __init__(self, flushes: list[tuple[int, Fate]], max_size: int, max_in_flight: int) -> None:
        self.flushes = iter(flushes)
        self.limits = max_size, max_in_flight
        self.flushed: list[int] = []
        self.in_flight = 0
        self.batcher: Batcher[int, int] = Batcher("test", self.flush, max_size=max_size, max_in_flight=max_in_flight)

    async def flush(self, keys: list[int]) -> list[int]:
        self.flushed += keys
        self.in_flight += 1
        assert len(keys) <= self.limits[0]
        assert self.in_flight <= self.limits[1]
        duration, fate = next(self.flushes, (0, Fate.ANSWER))
        try:
            await turns(duration)
        finally:
            self.in_flight -= 1
        match fate:
            case Fate.RAISE:
                raise Unavailable("no")
            case Fate.CANCEL:
                raise asyncio.CancelledError
            case Fate.LOSE_ONE:
                return keys[1:]
        return keys

    async def call(self, key: int, call: Call) -> int:
        await turns(call.turns_before)
        submitted = asyncio.ensure_future(self.batcher.submit(key))
        if call.cancelled_after is not None:
            await turns(call.cancelled_after)
            submitted.cancel()
        return await submitted


@given(st.lists(CALLS, min_size=1, max_size=30), FLUSHES, st.integers(1, 5), st.integers(1, 3))
def test_nothing_is_lost(calls: list[Call], flushes: list[tuple[int, Fate]], max_size: int, max_in_flight: int):
    async def run() -> None:
        world = World(flushes, max_size, max_in_flight)
        tasks = [asyncio.ensure_future(world.call(key, call)) for key, call in enumerate(calls)]
        async with asyncio.timeout(20):
            await asyncio.wait(tasks)

        for key, (task, call) in enumerate(zip(tasks, calls, strict=True)):
            if task.cancelled():
                assert call.cancelled_after is not None
            elif error := task.exception():
                assert isinstance(error, Unavailable | RuntimeError)
            else:
                assert task.result() == key
        assert len(set(world.flushed)) == len(world.flushed)
        world.flushes = iter(())
        assert await world.batcher.submit(-1) == -1

    asyncio.run(run())
