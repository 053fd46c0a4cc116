import asyncio

from chassis.errors import Unavailable
from chassis.occasionally import Occasionally


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.fails = False

    async def __call__(self, key: str) -> None:
        self.done.append(key)
        if self.fails:
            raise Unavailable("no")


async def test_work_is_done_once_in_its_interval_while_a_key_is_used():
    clock, work = Clock(), Work()
    occasionally = Occasionally(work, every_s=3600, clock=clock)
    for clock.now in range(0, 7300, 100):
        occasionally.use("a")
    occasionally.use("b")
    await asyncio.sleep(0)

    assert work.done == ["a", "a"]


async def test_work_that_failed_is_done_again_soon():
    clock, work = Clock(), Work()
    occasionally = Occasionally(work, every_s=3600, clock=clock)
    work.fails = True
    for clock.now in (0, 3600, 3601, 3661):
        occasionally.use("a")
        await asyncio.sleep(0.01)

    assert work.done == ["a", "a"]
