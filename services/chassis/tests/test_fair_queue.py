"""A bounded queue in which clients take turns."""

import asyncio
import time

import pytest

from chassis.context import RequestContext, enter
from chassis.errors import ResourceExhausted
from chassis.fair_queue import FairQueue, Lane


class Busy(ResourceExhausted):
    reason = "BUSY"

    def __init__(self):
        super().__init__("busy")


class Work:
    """Callers of a queue; `order` says whose turn came when."""

    def __init__(self, slots=1, max_waiting=100):
        self.queue = FairQueue("test", slots, max_waiting, Busy)
        self.gate = asyncio.Event()
        self.order = []
        self.working = self.most = 0

    async def run(self, client, group=""):
        async with self.queue.turn(Lane(client, group)):
            self.working += 1
            self.most = max(self.most, self.working)
            self.order.append(client)
            await self.gate.wait()
            await asyncio.sleep(0)
            self.working -= 1

    def start(self, *lanes):
        return [asyncio.ensure_future(self.run(*lane)) for lane in lanes]

    async def finish(self, tasks):
        self.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(autouse=True)
async def patience():
    enter(RequestContext(deadline=time.monotonic() + 60))


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_work_than_there_are_slots():
    work = Work(slots=3)
    await work.finish(work.start(*[("ann",)] * 20))
    assert (work.most, len(work.order), work.queue.busy) == (3, 20, 0)


async def test_clients_take_turns():
    work = Work()
    tasks = work.start(*[("flood",)] * 20, ("ann",), ("bob",))
    await work.finish(tasks)
    assert work.order[:4] == ["flood", "flood", "ann", "bob"]


async def test_groups_of_clients_take_turns():
    work = Work()
    strangers = [(f"stranger-{number}", "strangers") for number in range(20)]
    await work.finish(work.start(*strangers, ("ann", "owners"), ("bob", "owners")))
    assert (work.order.index("ann"), work.order.index("bob")) == (2, 4)


async def test_a_client_takes_half_of_the_room_there_is():
    work = Work(max_waiting=20)
    flood = work.start(*[("flood",)] * 50)
    await settled()
    honest = work.start(*[("ann",)] * 5)
    outcomes = await work.finish([*flood, *honest])
    assert sum(isinstance(outcome, Busy) for outcome in outcomes[:50]) == 50 - 1 - 10
    assert outcomes[50:] == [None] * 5


async def test_who_would_be_too_late_is_rejected_at_once():
    work = Work()
    work.queue.leave(100.0)
    work.queue._free = 1
    tasks = work.start(*[("ann",)] * 10)
    await settled()
    enter(RequestContext(deadline=time.monotonic() + 5))
    with pytest.raises(Busy):
        await work.run("bob")
    for task in tasks:
        task.cancel()


@pytest.mark.parametrize("left", [0, 1, 5, 19])
async def test_who_leaves_the_queue_takes_no_slot(left):
    work = Work(slots=2)
    tasks = work.start(*[("ann",)] * 10, *[("bob",)] * 10)
    await settled()
    tasks[left].cancel()
    await settled()
    outcomes = await work.finish(tasks)
    assert sum(outcome is None for outcome in outcomes) == 19
    assert work.queue.busy == 0


async def test_a_slot_handed_to_who_leaves_goes_to_the_next():
    work = Work()
    first, second, third = work.start(("ann",), ("bob",), ("eve",))
    await settled()
    work.gate.set()
    # The slot of the first is handed over in the iteration in which the second is cancelled.
    first.add_done_callback(lambda _: second.cancel())
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert third.exception() is None
    assert work.queue.busy == 0


async def test_all_who_wait_may_leave_in_one_iteration():
    work = Work(slots=2)
    tasks = work.start(*[("ann",)] * 10, *[("bob",)] * 10)
    await settled()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert work.queue.busy == 0
    assert await work.finish(work.start(("eve",))) == [None]
