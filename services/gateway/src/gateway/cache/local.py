"""The local tier: values in this process, bounded in number, bytes and age, dropped when Redis tells of a change.

Two things make it valid: the cache lease of the service whose row a value is, and the connection that brings changes.
"""

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gateway.cache import metrics

MAX_ENTRIES: Final = 50_000
MAX_BYTES: Final = 64 * 1024 * 1024
# A value lives this long, more or less a tenth, so that what was filled together does not expire together.
LIFETIME_S: Final = 30.0
# How long the tier is trusted after a moment at which it had been told of every change. A process that was paused wakes
# up with its values and without the drops it slept through; this is why it does not show them.
TRUSTED_S: Final = 1.0
# Drops are remembered for look-ups still under way; one that is older than all of these is not stored.
_MAX_DROPS: Final = 20_000


class _Entry(NamedTuple):
    value: Any
    size: int
    expires: float


class LocalCache:
    """Least recently used values go first. While it is closed it stores and finds nothing.

    A look-up takes a `ticket` before it asks anybody, and stores its answer with it. If the key was dropped, or the
    cache was closed, after the ticket was taken, the answer may be older than that and is not stored
    (see test_an_answer_that_was_overtaken_by_a_drop_is_not_stored).
    """

    def __init__(
        self, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0
        self._trusted_until = 0.0
        self._now = 0
        self._drops: OrderedDict[str, int] = OrderedDict()
        self._oldest_valid_ticket = 0

    @property
    def size(self) -> tuple[int, int]:
        """Entries and bytes."""
        return len(self._entries), self._bytes

    def open(self, moment: float) -> None:
        """Begin to store. From `moment` on, every change will be told by `drop`."""
        self.clear()
        self._trusted_until = moment + TRUSTED_S

    def trust_from(self, moment: float) -> None:
        """Every change up to `moment` has been told."""
        if self._trusted_until:
            self._trusted_until = moment + TRUSTED_S

    def close(self) -> None:
        """Changes are not told any more."""
        self._trusted_until = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget everything, also what look-ups under way are about to store."""
        self._entries.clear()
        self._drops.clear()
        self._bytes = 0
        self._now += 1
        self._oldest_valid_ticket = self._now

    def get(self, key: str, leased_until: float) -> Any | None:
        """The value, if its cache lease is valid until a moment that is still to come."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._clock()
        if now > self._trusted_until or now >= leased_until:
            return None
        if now > entry.expires:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def ticket(self) -> int:
        return self._now

    def put(self, key: str, value: Any, size: int, ticket: int) -> None:
        """Store a value of about `size` bytes, unless it may be old."""
        if not self._trusted_until:
            return
        if ticket < self._oldest_valid_ticket or self._drops.get(key, -1) > ticket:
            metrics.REJECTED_LOCAL.inc()
            return
        self._remove(key)
        lifetime = LIFETIME_S * random.uniform(0.9, 1.1)  # noqa: S311 - spreads expiry
        self._entries[key] = _Entry(value, size, self._clock() + lifetime)
        self._bytes += size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popitem(last=False)[1].size
            metrics.EVICTIONS.inc()

    def drop(self, key: str) -> None:
        """The value under `key` has changed."""
        self._remove(key)
        self._now += 1
        self._drops[key] = self._now
        self._drops.move_to_end(key)
        if len(self._drops) > _MAX_DROPS:
            self._oldest_valid_ticket = self._drops.popitem(last=False)[1]

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
