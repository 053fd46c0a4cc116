"""Calls of one lane are batches of their own: together with each other, and never behind another lane's."""

import asyncio

from chassis.lanes import Lanes


async def test_a_stuck_lane_delays_no_other():
    opened = asyncio.Event()
    batches: list[tuple[str, list[int]]] = []

    async def flush(lane: str, keys: list[int]) -> list[int]:
        batches.append((lane, keys))
        if lane == "stuck":
            await opened.wait()
        return keys

    lanes: Lanes[str, int, int] = Lanes("test", flush, max_size=10, max_in_flight=1)
    stuck = [asyncio.ensure_future(lanes.submit("stuck", key)) for key in (1, 2)]
    await asyncio.sleep(0.01)
    stuck.append(asyncio.ensure_future(lanes.submit("stuck", 3)))

    assert await asyncio.gather(lanes.submit("free", 4), lanes.submit("free", 5)) == [4, 5]
    opened.set()
    assert await asyncio.gather(*stuck) == [1, 2, 3]
    assert batches == [("stuck", [1, 2]), ("free", [4, 5]), ("stuck", [3])]
