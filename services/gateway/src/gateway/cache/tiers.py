"""Both tiers and their watch, as `CACHE_MODE` asks for them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import MaxConnectionsError, RedisError

from gateway.cache import metrics
from gateway.cache.local import LocalCache
from gateway.cache.shared import Leases, SharedCache
from gateway.cache.watch import Watch

# What `x-cache` says of an answer.
LOCAL: Final = "local"
SHARED: Final = "shared"
MISS: Final = "miss"
OFF: Final = "off"

_FAILURES: Final = (RedisError, OSError, TimeoutError)


class CacheTiers:
    """The local tier, and the shared one behind it as long as it is trusted. A failing Redis fails no read.

    A crowd that finds every connection taken goes on to the service. It is our own and says nothing of Redis.
    """

    def __init__(self, local: LocalCache, shared: SharedCache, watch: Watch) -> None:
        self.local = local
        self._shared = shared
        self._watch = watch
        self._fills: set[asyncio.Task[None]] = set()

    async def get_or_lease(self, keys: Sequence[str]) -> tuple[dict[str, bytes], Leases | None]:
        """What the shared tier has, and leases on the rest; nothing at all while it is not trusted."""
        if self._watch.is_trusted:
            try:
                return await self._shared.get_or_lease(keys)
            except MaxConnectionsError:
                return {}, None
            except _FAILURES:
                self._watch.doubt()
        return {}, None

    def fill_soon(self, values: Mapping[str, bytes], leases: Leases) -> None:
        """Fill the shared tier without letting the reader wait for it; the leases make it safe however late it is."""
        self._soon(self._shared.fill(values, leases))

    async def get_page(self, scope: str, page_key: str, new_generation: str) -> tuple[str, bool, bytes | None] | None:
        """As SharedCache.get_page; None while the shared tier is not trusted."""
        if self._watch.is_trusted:
            try:
                return await self._shared.get_page(scope, page_key, new_generation)
            except MaxConnectionsError:
                return None
            except _FAILURES:
                self._watch.doubt()
        return None

    def put_page_soon(self, page_key: str, page: bytes) -> None:
        self._soon(self._shared.put_page(page_key, page))

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._unless_it_fails(work))
        self._fills.add(task)
        task.add_done_callback(self._fills.discard)

    async def _unless_it_fails(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except MaxConnectionsError:
            return
        except _FAILURES:
            self._watch.doubt()

    async def finish(self) -> None:
        """Return when no fill is under way."""
        if self._fills:
            await asyncio.wait(self._fills)


@asynccontextmanager
async def open_tiers(redis: "Redis", mode: str, prefixes: tuple[str, ...]) -> AsyncIterator[CacheTiers | None]:
    """The tiers of a gateway, watched as long as the block runs; None in mode `off`."""
    if mode == OFF:
        yield None
        return
    local, shared = LocalCache(), SharedCache(redis)
    watch = Watch(redis, shared, local if mode == "tiered" else None, prefixes)
    metrics.LOCAL_ENTRIES.set_function(lambda: local.size[0])
    metrics.LOCAL_BYTES.set_function(lambda: local.size[1])
    metrics.TRUSTED.set_function(lambda: watch.is_trusted)
    watching = asyncio.create_task(watch.run())
    tiers = CacheTiers(local, shared, watch)
    try:
        yield tiers
    finally:
        # More than once: what a task awaits may swallow a cancellation, as `wait_for` and `TaskGroup` of Python 3.11 do
        # (see test_the_watch_ends_whenever_it_is_told_to).
        while not watching.done():
            watching.cancel()
            await asyncio.wait([watching], timeout=0.1)
        await tiers.finish()
