"""Batching: calls that arrive together travel together.

One gRPC call costs about as much CPU as fifty rows of it, and one commit as much as many orders, so whatever can wait
for its neighbours by a turn of the loop should. Nothing waits for a timer: with nothing in flight a lone call leaves
in the turn in which it came, and the busier the batcher is, the fuller its batches get.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from chassis import metrics
from chassis.context import RequestContext, TierTime, current, enter

K = TypeVar("K")
V = TypeVar("V")

_Waiter = tuple[K, asyncio.Future[tuple[V, list[TierTime]]], RequestContext]


class Batcher(Generic[K, V]):
    """Turns many `submit(key)` into few `flush(keys)`.

    `flush` returns one value or exception for each key, in order; when it raises, every caller of the batch gets that
    error. At most `max_in_flight` batches run at once, each of at most `max_size` keys.
    """

    def __init__(
        self,
        name: str,
        flush: Callable[[list[K]], Awaitable[Sequence[V | Exception]]],
        *,
        max_size: int,
        max_in_flight: int,
    ) -> None:
        self._flush = flush
        self._max_size = max_size
        self._idle = max_in_flight
        self._waiting: deque[_Waiter[K, V]] = deque()
        self._scheduled = False
        self._running: set[asyncio.Task[None]] = set()
        self._sizes = metrics.BATCH_SIZE.labels(name)

    async def submit(self, key: K) -> V:
        """The value for `key`. The tiers that worked on its batch are noted in the caller's context."""
        context = current()
        value, tiers = await self._enqueue(key, context)
        context.tiers.extend(tiers)
        return value

    async def submit_all(self, keys: Iterable[K]) -> list[V]:
        """The values for `keys`, which may travel with others' and in more than one batch."""
        context = current()
        return [value for value, _ in await asyncio.gather(*[self._enqueue(key, context) for key in keys])]

    def _enqueue(self, key: K, context: RequestContext) -> "asyncio.Future[tuple[V, list[TierTime]]]":
        future: asyncio.Future[tuple[V, list[TierTime]]] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future, context))
        self._schedule()
        return future

    def _schedule(self) -> None:
        if self._waiting and self._idle and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and self._idle:
            taken = [self._waiting.popleft() for _ in range(min(self._max_size, len(self._waiting)))]
            batch = [waiter for waiter in taken if not waiter[1].done()]
            if batch:
                self._idle -= 1
                task = asyncio.get_running_loop().create_task(self._run(batch))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _run(self, batch: list[_Waiter[K, V]]) -> None:
        self._sizes.observe(len(batch))
        # The batch may take as long as its most patient caller; the others leave by their own deadlines.
        shared = RequestContext(batch[0][2].request_id, max(context.deadline for _, _, context in batch))
        enter(shared)
        outcomes: Sequence[V | Exception]
        try:
            outcomes = await self._flush([key for key, _, _ in batch])
        except Exception as error:  # handed to every caller, none is swallowed
            outcomes = [error] * len(batch)
        finally:
            self._idle += 1
            self._schedule()
        for (_, future, _), outcome in zip(batch, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result((outcome, shared.tiers))
