"""What a batch does with the requests its calls belong to: their deadlines, their tiers, their context."""

import asyncio

from chassis.batching import Batcher
from chassis.context import RequestContext, TierTime, current, enter


def batcher(flush) -> Batcher[int, int]:
    return Batcher("test", flush, max_size=100, max_in_flight=1)


async def test_a_flush_works_within_the_deadline_of_its_most_patient_caller():
    async def flush(keys: list[int]) -> list[float]:
        return [current().deadline] * len(keys)

    tested: Batcher[int, float] = Batcher("test", flush, max_size=10, max_in_flight=1)
    deadlines = [RequestContext().deadline + seconds for seconds in (1.0, 3.0, 2.0)]

    async def submit(deadline: float) -> float:
        enter(RequestContext(deadline=deadline))
        return await tested.submit(1)

    assert await asyncio.gather(*map(submit, deadlines)) == [deadlines[1]] * 3


async def test_the_tiers_of_a_batch_are_noted_once_by_each_request_in_it():
    worked = TierTime("catalog", "catalog-1", 1.5)

    async def flush(keys: list[int]) -> list[int]:
        current().tiers.append(worked)
        return keys

    tested = batcher(flush)

    async def request(*keys: int) -> list[TierTime]:
        context = RequestContext()
        enter(context)
        await tested.submit_all(keys)
        return context.tiers

    assert await asyncio.gather(request(1, 2, 3), request(4)) == [[worked], [worked]]


async def test_the_context_of_a_flush_reaches_no_caller(request_context: RequestContext):
    seen: list[RequestContext] = []

    async def flush(keys: list[int]) -> list[int]:
        seen.append(current())
        return keys

    await batcher(flush).submit(1)

    assert seen[0] is not request_context
    assert seen[0].request_id == request_context.request_id
    assert current() is request_context
