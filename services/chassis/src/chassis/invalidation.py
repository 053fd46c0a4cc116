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


class Invalidation:
    """Deletes cached copies, and the leases under which older ones could still be filled.

    `run` never raises: a cache must not fail a write that is already committed.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._silent_since: float | None = None

    async def run(self, keys: Iterable[str]) -> None:
        """Return once no reader can meet a copy under `keys` that was made before this call."""
        names = [name for key in keys for name in (key, LEASE_PREFIX + key)]
        while names:
            try:
                await self._redis.unlink(*names)
            except (RedisError, OSError, TimeoutError) as error:
                if self._need_not_wait(error):
                    return
                await asyncio.sleep(_PAUSE_S)
            else:
                self._silent_since = None
                return

    def _need_not_wait(self, error: Exception) -> bool:
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            logger.warning("cache does not answer", extra={"error": type(error).__name__})
        return isinstance(error.__context__, ConnectionRefusedError) or (now - self._silent_since > COPIES_DIE_WITHIN_S)
