"""Invalidation: a write is answered only when no cache can still show what was there before it.

The copies of a row in the cache are deleted before its writer answers. When the cache does not confirm that, the writer
waits until every copy has become useless by itself: gateways probe the cache all the time, stop trusting it within
`COPIES_DIE_WITHIN_S` of its silence, and empty it before they trust it again. A cache that refuses connections has lost
its memory, so there is nothing to wait for.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

COPIES_DIE_WITHIN_S: Final = 2.0
# The lease of a reader that is about to fill `key` stands under this prefix and the key.
LEASE_PREFIX: Final = "lease:"
_PAUSE_S: Final = 0.02
_FAILURES: Final = (RedisError, OSError, TimeoutError)


class Invalidation:
    """Deletes cached copies, and the leases under which older ones could still be filled.

    `run` never raises: a cache must not fail a write that is already committed.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._silent_since: float | None = None
        self._listening: asyncio.Task[None] | None = None

    async def run(self, keys: Iterable[str]) -> None:
        """Return once no reader can meet a copy under `keys` that was made before this call."""
        names = [name for key in keys for name in (key, LEASE_PREFIX + key)]
        started = time.monotonic()
        while names:
            try:
                await self._redis.unlink(*names)
            except _FAILURES as error:
                if _is_gone(error) or self._has_waited(error, started):
                    return
                await asyncio.sleep(_PAUSE_S)
            else:
                self._silent_since = None
                return

    def _has_waited(self, error: Exception, started: float) -> bool:
        if self._silent_since is None:
            self._silent_since = started
            logger.warning("cache does not answer", extra={"error": type(error).__name__})
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._until_it_answers())
        return time.monotonic() - min(self._silent_since, started) > COPIES_DIE_WITHIN_S

    async def _until_it_answers(self) -> None:
        """Ends the silence also while nobody writes: the next one begins anew, and is waited for again."""
        while self._silent_since is not None:
            await asyncio.sleep(_PAUSE_S)
            try:
                await self._redis.ping()
            except _FAILURES as error:
                if not _is_gone(error):
                    continue
            self._silent_since = None


def _is_gone(error: Exception) -> bool:
    return isinstance(error.__context__, ConnectionRefusedError)
