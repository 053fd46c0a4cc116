import asyncio
import time
from collections.abc import Sequence

import pytest

from chassis.batching import Batcher
from chassis.context import RequestContext, enter
from chassis.errors import DeadlineExceeded, InvalidField, NotFound, ResourceExhausted, Unavailable


class Flush:
    """Answers with the keys, records its batches, and can be held closed."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.running = 0
        self.most_running = 0
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()

    async def __call__(self, keys: list[int]) -> Sequence[int | Exception]:
        self.batches.append(keys)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.begun.set()
        try:
            await self.open.wait()
        finally:
            self.running -= 1
        return keys


def batcher(flush, max_size: int = 100, max_in_flight: int = 1) -> Batcher[int, int]:
    return Batcher("test", flush, max_size=max_size, max_in_flight=max_in_flight)


async def outcomes(batcher: Batcher[int, int], *keys: int) -> list[int | BaseException]:
    return await asyncio.gather(*map(batcher.submit, keys), return_exceptions=True)


async def test_calls_of_one_turn_are_one_flush_in_their_order():
    flush = Flush()

    assert await outcomes(batcher(flush), 3, 1, 2, 1) == [3, 1, 2, 1]
    assert flush.batches == [[3, 1, 2, 1]]


async def test_a_lone_call_waits_for_nobody():
    flush = Flush()
    call = asyncio.ensure_future(batcher(flush).submit(1))

    for _turn in range(3):
        await asyncio.sleep(0)

    assert flush.batches == [[1]]
    assert await call == 1


async def test_a_batch_that_leaves_beside_another_waits_a_turn_longer():
    flush = Flush()
    flush.open.clear()
    tested = batcher(flush, max_in_flight=2)
    calls = [asyncio.ensure_future(tested.submit(1))]
    await flush.begun.wait()
    for key in (2, 3):
        calls.append(asyncio.ensure_future(tested.submit(key)))
        await asyncio.sleep(0)

    flush.open.set()

    assert await asyncio.gather(*calls) == [1, 2, 3]
    assert flush.batches == [[1], [2, 3]]


async def test_a_batch_holds_at_most_max_size_keys():
    flush = Flush()

    assert await outcomes(batcher(flush, max_size=2), 1, 2, 3, 4, 5) == [1, 2, 3, 4, 5]
    assert flush.batches == [[1, 2], [3, 4], [5]]


async def test_at_most_max_in_flight_batches_run_and_the_others_fill_up_meanwhile():
    flush = Flush()
    flush.open.clear()
    tested = batcher(flush, max_size=2, max_in_flight=2)
    first = asyncio.ensure_future(outcomes(tested, 1, 2, 3, 4, 5))
    await flush.begun.wait()
    second = asyncio.ensure_future(outcomes(tested, 6))
    await asyncio.sleep(0)
    assert flush.batches == [[1, 2], [3, 4]]

    flush.open.set()

    assert await first == [1, 2, 3, 4, 5]
    assert await second == [6]
    assert flush.batches == [[1, 2], [3, 4], [5, 6]]
    assert flush.most_running == 2


async def test_an_error_that_concerns_all_goes_to_one_batch_at_once():
    batches: list[list[int]] = []

    async def flush(keys: list[int]) -> list[int]:
        batches.append(keys)
        if 2 in keys:
            raise Unavailable("no")
        return keys

    first, second, third = await outcomes(batcher(flush, max_size=2), 1, 2, 3)

    assert isinstance(first, Unavailable)
    assert isinstance(second, Unavailable)
    assert third == 3
    assert batches == [[1, 2], [3]]


@pytest.mark.parametrize("error", [InvalidField("key", "is bad"), ResourceExhausted("too large"), ValueError("odd")])
async def test_members_run_apart_when_their_batch_fails(error: Exception):
    batches: list[list[int]] = []

    async def flush(keys: list[int]) -> list[int]:
        batches.append(keys)
        if 13 in keys:
            raise error
        return keys

    answers = await outcomes(batcher(flush), *range(64))

    assert [key for key, answer in enumerate(answers) if answer is error] == [13]
    assert [answer for answer in answers if answer is not error] == [key for key in range(64) if key != 13]
    assert len(batches) <= 13


async def test_a_key_can_fail_alone():
    async def flush(keys: list[int]) -> list[int | Exception]:
        return [NotFound("no") if key == 2 else key for key in keys]

    first, second, third = await outcomes(batcher(flush), 1, 2, 3)

    assert (first, third) == (1, 3)
    assert isinstance(second, NotFound)


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3]], ids=["none", "too few", "too many"])
async def test_a_flush_with_the_wrong_number_of_outcomes_fails_every_caller(answer: list[int]):
    async def flush(keys: list[int]) -> list[int]:
        return answer if len(keys) == 2 else keys

    tested = batcher(flush)

    async with asyncio.timeout(20):
        assert [type(outcome) for outcome in await outcomes(tested, 1, 2)] == [RuntimeError, RuntimeError]
        assert await tested.submit(7) == 7


async def test_a_flush_that_is_cancelled_refuses_its_callers_and_the_next_batch_runs():
    async def flush(keys: list[int]) -> list[int]:
        if 1 in keys:
            raise asyncio.CancelledError
        return keys

    tested = batcher(flush)

    async with asyncio.timeout(20):
        assert [type(outcome) for outcome in await outcomes(tested, 1, 2)] == [Unavailable, Unavailable]
        assert await tested.submit(7) == 7


async def test_a_cancelled_caller_does_not_disturb_the_others_of_its_batch():
    flush = Flush()
    flush.open.clear()
    tested = batcher(flush)
    leaves, stays = (asyncio.ensure_future(tested.submit(key)) for key in (1, 2))
    await flush.begun.wait()

    leaves.cancel()
    flush.open.set()

    assert await stays == 2
    assert leaves.cancelled()


async def test_a_caller_cancelled_before_its_batch_leaves_is_not_sent():
    flush = Flush()
    tested = batcher(flush)
    leaves, stays = (asyncio.ensure_future(tested.submit(key)) for key in (1, 2))
    asyncio.get_running_loop().call_soon(leaves.cancel)

    await asyncio.wait((leaves, stays))

    assert leaves.cancelled()
    assert stays.result() == 2
    assert flush.batches == [[2]]


async def test_a_caller_leaves_by_its_own_deadline_and_its_neighbour_stays():
    flush = Flush()
    flush.open.clear()
    tested = batcher(flush)

    async def submit(key: int, seconds: float) -> int:
        context = RequestContext()
        context.deadline += seconds - context.remaining()
        enter(context)
        return await tested.submit(key)

    hasty, patient = (asyncio.ensure_future(submit(key, seconds)) for key, seconds in ((1, 0.02), (2, 60.0)))

    with pytest.raises(DeadlineExceeded):
        await hasty
    assert not patient.done()
    flush.open.set()
    assert await patient == 2


async def test_a_batch_leaves_without_callers_whose_deadline_passed():
    flush = Flush()
    tested = batcher(flush)

    async def submit(key: int, seconds: float) -> int:
        context = RequestContext()
        context.deadline += seconds - context.remaining()
        enter(context)
        return await tested.submit(key)

    hasty, patient = (asyncio.ensure_future(submit(key, seconds)) for key, seconds in ((1, 0.02), (2, 60.0)))
    await asyncio.sleep(0)
    time.sleep(0.05)  # noqa: ASYNC251 - the whole process is paused

    with pytest.raises(DeadlineExceeded):
        await hasty
    assert await patient == 2
    assert flush.batches == [[2]]


async def test_a_caller_of_many_keys_gets_their_values_in_order_in_as_many_batches_as_it_takes():
    flush = Flush()
    tested = batcher(flush, max_size=2)

    assert await asyncio.gather(tested.submit_all([3, 1, 2]), tested.submit(4)) == [[3, 1, 2], 4]
    assert await tested.submit_all([]) == []
    assert flush.batches == [[3, 1], [2, 4]]


async def test_a_caller_of_many_keys_is_refused_when_one_of_them_is():
    async def flush(keys: list[int]) -> list[int | Exception]:
        return [NotFound("no") if key == 2 else key for key in keys]

    with pytest.raises(NotFound):
        await batcher(flush).submit_all([1, 2, 3])


async def test_a_caller_of_many_keys_leaves_by_its_deadline(request_context: RequestContext):
    flush = Flush()
    flush.open.clear()
    request_context.deadline -= request_context.remaining() - 0.02

    with pytest.raises(DeadlineExceeded):
        await batcher(flush).submit_all([1, 2])


async def test_a_timeout_that_a_flush_met_is_told_as_it_is():
    async def flush(_keys: list[int]) -> list[int]:
        raise TimeoutError("the flush's own")

    with pytest.raises(TimeoutError, match="the flush's own"):
        await batcher(flush).submit(1)
