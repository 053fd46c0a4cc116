"""Token buckets: how often something may happen. Those in this process's memory, and the interface of all.

A bucket is one number, the time at which it is full again (generic cell rate algorithm); a full one takes no memory.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, Self

_HOUR_S: Final = 3600.0


class Limit(NamedTuple):
    """`burst` at once, and one more every `interval_s` from then on."""

    burst: int
    interval_s: float

    @classmethod
    def per_hour(cls, number: int) -> Self:
        """At most `number` in whatever hour, half of them at once."""
        burst = max(1, number // 2)
        return cls(burst, _HOUR_S / max(1, number - burst))


class Charge(NamedTuple):
    """Tokens to be taken from a bucket; 0 asks for one without taking it, a negative number gives back."""

    bucket: str
    limit: Limit
    tokens: int = 1


class Buckets(Protocol):
    """No method fails."""

    def wait_s(self, charges: Sequence[Charge]) -> float:
        """Return how long a `take` would have to wait, as far as this process knows."""
        ...

    async def take(self, charges: Sequence[Charge]) -> float:
        """Take all charges and return 0, or take none and return the seconds after which it may work."""
        ...

    async def is_marked(self, mark: str) -> bool: ...

    async def set_mark(self, mark: str) -> None: ...


class LocalBuckets:
    """Buckets of one process. The oldest are forgotten when there are too many."""

    def __init__(self, max_buckets: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_buckets = max_buckets
        self._clock = clock
        self._full_at: dict[str, float] = {}
        self._marks: dict[str, None] = {}

    def wait_s(self, charges: Sequence[Charge]) -> float:
        now = self._clock()
        return max(_excess_s(charge, self._full_at.get(charge.bucket, now), now) for charge in charges)

    async def take(self, charges: Sequence[Charge]) -> float:
        if (wait_s := self.wait_s(charges)) > 0:
            return wait_s
        now = self._clock()
        for charge in charges:
            full_at = max(self._full_at.pop(charge.bucket, now), now) + charge.tokens * charge.limit.interval_s
            if full_at > now:
                self._full_at[charge.bucket] = full_at
        _forget(self._full_at, self._max_buckets)
        return 0.0

    async def is_marked(self, mark: str) -> bool:
        return mark in self._marks

    async def set_mark(self, mark: str) -> None:
        self._marks.pop(mark, None)
        self._marks[mark] = None
        _forget(self._marks, self._max_buckets)


def _excess_s(charge: Charge, full_at: float, now: float) -> float:
    """How long until there are as many tokens as are asked for."""
    if charge.tokens < 0:
        return 0.0
    burst, interval_s = charge.limit
    return max(0.0, max(full_at, now) - now + max(1, charge.tokens) * interval_s - burst * interval_s)


def _forget(entries: dict[str, float] | dict[str, None], most: int) -> None:
    while len(entries) > most:
        del entries[next(iter(entries))]
