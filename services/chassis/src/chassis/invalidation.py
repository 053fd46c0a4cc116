"""Invalidation: a write is acknowledged only when no cached copy of what was there before it can be read any more.

The cached copies of a row are deleted before its writer acknowledges. When the cache does not confirm that, for
whatever reason, the writer suspends caching (`chassis.cache_state`) and waits until every lease that was granted before
has expired. As long as the cache cannot be reached the suspension is extended, and writes need not wait.
Docs: docs/adr/0010-readers-hold-leases-that-writers-grant.md.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chassis import metrics
from chassis.batching import Batcher
from chassis.cache_state import LEASE_S, CacheState
from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from chassis.redis import TIMEOUT_S

logger = logging.getLogger(__name__)

# The fill lease of a reader that is about to fill `key` stands under this prefix and the key.
LEASE_PREFIX: Final = "lease:"
# Clocks that tick at rates as different as this still agree on which leases have expired.
_MARGIN_S: Final = 0.1
_PAUSE_S: Final = 0.02
_PROBE_EVERY_S: Final = 0.3
_PROBED_KEY: Final = LEASE_PREFIX + "probe"
_MAX_WRITES: Final = 10_000
_FAILURES: Final = (RedisError, OSError, TimeoutError)


class Invalidation:
    """Deletes cached copies, and the fill leases under which older ones could still be filled."""

    def __init__(self, redis: "Redis", state: CacheState) -> None:
        self._redis = redis
        self._state = state
        self._probing: asyncio.Task[None] | None = None
        self._generation = 0
        self._leases_expired_at = 0.0
        # Writes share a statement that was sent after each of them was committed.
        self._suspensions: Batcher[None, float] = Batcher(
            "suspend_caching", self._suspend, max_size=_MAX_WRITES, max_in_flight=1
        )
        metrics.DEPENDENCY_UP.labels("redis").set(True)

    async def run(self, keys: Iterable[str]) -> None:
        """Return once no reader can meet a copy under `keys` that was made before this call.

        Raises StoreDown, StoreSlow or DeadlineExceeded when that is not certain: do not acknowledge the write.
        """
        names = [name for key in keys for name in (key, LEASE_PREFIX + key)]
        if not names or (self._probing is None and await self._unlink(names)):
            return
        metrics.UNCONFIRMED_INVALIDATIONS.inc()
        leases_expired_at = await self._suspensions.submit(None)
        await asyncio.sleep(leases_expired_at - time.monotonic())

    async def _unlink(self, names: Sequence[str]) -> bool:
        give_up_at = time.monotonic() + TIMEOUT_S
        while True:
            try:
                await self._redis.unlink(*names)
            except _FAILURES as error:
                if time.monotonic() < give_up_at:
                    await asyncio.sleep(_PAUSE_S)
                    continue
                if self._probing is None:
                    logger.warning("cache unreachable, caching is suspended", extra={"error": type(error).__name__})
                    self._probing = asyncio.create_task(self._keep_suspended())
                return False
            return True

    async def _suspend(self, writes: list[None]) -> list[float]:
        """Return when all leases have expired that were granted before the suspension in force.

        A generation that this process has not seen before began at some time before now.
        """
        generation = await self._state.suspend()
        if generation != self._generation:
            self._generation = generation
            self._leases_expired_at = time.monotonic() + LEASE_S + _MARGIN_S
        return [self._leases_expired_at] * len(writes)

    async def _keep_suspended(self) -> None:
        """Extend the suspension until the cache deletes again, so that no later write has to wait."""
        metrics.DEPENDENCY_UP.labels("redis").set(False)
        try:
            while not await self._deletes():
                enter(RequestContext())
                with suppress(Refusal):
                    await self._suspend([])
                await asyncio.sleep(_PROBE_EVERY_S)
            logger.info("cache reachable again")
        finally:
            self._probing = None
            metrics.DEPENDENCY_UP.labels("redis").set(True)

    async def _deletes(self) -> bool:
        try:
            await self._redis.unlink(_PROBED_KEY)
        except _FAILURES:
            return False
        return True

    async def aclose(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing
