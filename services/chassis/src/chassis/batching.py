"""Batching: calls that arrive together travel together.

One gRPC call costs about as much CPU as fifty rows of it, and one commit as much as many orders, so whatever can wait
for its neighbours by a turn of the loop should. Nothing waits for a timer: with nothing in flight a lone call leaves
in the turn in which it came, and the busier the batcher is, the fuller its batches get.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis import metrics
from chassis.context import RequestContext, current, enter
from chassis.errors import DeadlineExceeded, Refusal, Unavailable
from chassis.tracing import JointWork

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(slots=True)
class _Waiter(Generic[K, V]):
    key: K
    answer: asyncio.Future[V]
    context: RequestContext


class Batcher(Generic[K, V]):
    """Turns many `submit(key)` into few `flush(keys)`.

    `flush` returns one value or exception for each key, in order. When it raises, the cause may be one of the keys: the
    halves of the batch run apart, down to single keys, so that only the callers concerned get the error. So `flush`
    must be safe to repeat. An error that concerns all (a store or tier is away) goes to every caller at once. At most
    `max_in_flight` batches run at once, each of at most `max_size` keys.
    """

    def __init__(
        self,
        name: str,
        flush: Callable[[list[K]], Awaitable[Sequence[V | Exception]]],
        *,
        max_size: int,
        max_in_flight: int,
    ) -> None:
        self._name = name
        self._flush = flush
        self._max_size = max_size
        self._max_in_flight = max_in_flight
        self._idle = max_in_flight
        self._waiting: deque[_Waiter[K, V]] = deque()
        self._scheduled = False
        self._running: set[asyncio.Task[None]] = set()
        self._sizes = metrics.BATCH_SIZE.labels(name)

    async def submit(self, key: K) -> V:
        """The value for `key`, within the caller's deadline. The tiers that worked on its batch are noted there too."""
        context = current()
        return await _within(context, self._enqueue(key, context))

    async def submit_all(self, keys: Iterable[K]) -> list[V]:
        """The values for `keys`, as by `submit`; they may travel with others' and in more than one batch."""
        context = current()
        return await _within(context, asyncio.gather(*[self._enqueue(key, context) for key in keys]))

    def _enqueue(self, key: K, context: RequestContext) -> "asyncio.Future[V]":
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiter(key, answer, context))
        self._schedule()
        return answer

    def _schedule(self) -> None:
        if self._waiting and self._idle and not self._scheduled:
            self._scheduled = True
            task = asyncio.get_running_loop().create_task(self._start())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _start(self) -> None:
        """Runs when the turn of the loop in which it was scheduled is over, with all who came in that turn."""
        if self._idle < self._max_in_flight:
            # Callers who were answered together come back one by one, so another turn fills the batch by a third.
            await asyncio.sleep(0)
        taken = [self._waiting.popleft() for _ in range(min(self._max_size, len(self._waiting)))]
        batch = [waiter for waiter in taken if _is_waiting(waiter)]
        self._idle -= bool(batch)
        self._scheduled = False
        self._schedule()
        if batch:
            await self._run(batch)

    async def _run(self, batch: list[_Waiter[K, V]]) -> None:
        self._sizes.observe(len(batch))
        # The batch may take as long as its most patient caller; the others leave by their own deadlines.
        shared = RequestContext(batch[0].context.request_id, max(waiter.context.deadline for waiter in batch))
        work = JointWork(self._name, (waiter.context.span for waiter in batch))
        shared.span = work.place
        enter(shared)
        try:
            outcomes = await self._outcomes([waiter.key for waiter in batch])
        finally:
            work.end({"agora.batch.size": len(batch)})
            self._idle += 1
            self._schedule()
        # Once for each request, however many of its keys travelled in this batch.
        for context in {id(waiter.context): waiter.context for waiter in batch}.values():
            context.tiers.extend(shared.tiers)
        for waiter, outcome in zip(batch, outcomes, strict=True):
            if waiter.answer.done():
                continue
            if isinstance(outcome, Exception):
                waiter.answer.set_exception(outcome)
            else:
                waiter.answer.set_result(outcome)

    async def _outcomes(self, keys: list[K]) -> Sequence[V | Exception]:
        """One for each key, whatever `flush` does: a caller left without one would wait for ever."""
        try:
            outcomes = await self._flush(keys)
        except asyncio.CancelledError:  # by a closing channel or a stopping process, not by these callers
            return [Unavailable("the work was broken off")] * len(keys)
        except Exception as error:  # handed to the callers concerned, none is swallowed
            if len(keys) == 1 or (isinstance(error, Refusal) and error.concerns_all):
                return [error] * len(keys)
            half = len(keys) // 2
            return [*await self._outcomes(keys[:half]), *await self._outcomes(keys[half:])]
        if len(outcomes) != len(keys):
            return [RuntimeError(f"{len(outcomes)} outcomes for {len(keys)} keys")] * len(keys)
        return outcomes


def _is_waiting(waiter: _Waiter[K, V]) -> bool:
    """Whether the caller still waits. After a pause of the process its deadline may have passed before its timer fires
    (test_a_batch_leaves_without_callers_whose_deadline_passed).
    """
    return not waiter.answer.done() and waiter.context.remaining() > 0


async def _within(context: RequestContext, answer: "asyncio.Future[T]") -> T:
    try:
        async with asyncio.timeout(context.remaining()) as limit:
            return await answer
    except TimeoutError:
        if limit.expired():
            raise DeadlineExceeded("the deadline passed") from None
        raise
