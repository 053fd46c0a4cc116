"""Lanes: calls that wait for the same thing travel together, and a lane that is stuck delays no other."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from chassis.batching import Batcher

L = TypeVar("L")
K = TypeVar("K")
V = TypeVar("V")


class Lanes(Generic[L, K, V]):
    """A `Batcher` for each lane, for as long as the lane has callers. `max_size` and `max_in_flight` are a lane's."""

    def __init__(
        self,
        name: str,
        flush: Callable[[L, list[K]], Awaitable[Sequence[V | Exception]]],
        *,
        max_size: int,
        max_in_flight: int,
    ) -> None:
        self._flush = flush
        self._open_lane = partial(Batcher[K, V], name, max_size=max_size, max_in_flight=max_in_flight)
        self._batchers: dict[L, Batcher[K, V]] = {}
        self._callers: Counter[L] = Counter()

    async def submit(self, lane: L, key: K) -> V:
        """The value for `key`, within the caller's deadline, from a batch of this lane."""
        batcher = self._batchers.get(lane)
        if batcher is None:
            batcher = self._batchers[lane] = self._open_lane(flush=partial(self._flush, lane))
        self._callers[lane] += 1
        try:
            return await batcher.submit(key)
        finally:
            self._callers[lane] -= 1
            if not self._callers[lane]:
                del self._callers[lane], self._batchers[lane]
