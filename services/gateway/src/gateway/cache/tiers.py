"""Both tiers, their watch and the cache leases they are read under, as `CACHE_MODE` asks for them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import MaxConnectionsError, RedisError

from gateway.cache import metrics
from gateway.cache.lease import CacheLease, Grant
from gateway.cache.local import LocalCache
from gateway.cache.redis_server import RedisServer
from gateway.cache.shared import FillLeases, SharedCache
from gateway.cache.watch import Watch

# What `x-cache` says of an answer.
LOCAL: Final = "local"
SHARED: Final = "shared"
MISS: Final = "miss"
OFF: Final = "off"

_FAILURES: Final = (RedisError, OSError, TimeoutError)


class CacheTiers:
    """The local tier, and the shared one behind it as long as Redis answers. A failing Redis fails no read.

    Neither is read or filled without a cache lease of the service whose rows are looked for; `leases` are by service.
    A crowd that finds every connection taken goes on to the service. It is our own and says nothing of Redis.
    """

    def __init__(self, local: LocalCache, shared: SharedCache, watch: Watch, leases: Mapping[str, CacheLease]) -> None:
        self.local = local
        self.leases = leases
        self._shared = shared
        self._watch = watch
        self._fills: set[asyncio.Task[None]] = set()

    async def get_or_lease(self, keys: Sequence[str], lease: CacheLease) -> tuple[dict[str, bytes], FillLeases | None]:
        """What the shared tier has, and fill leases on the rest; nothing at all while it cannot be used."""
        if lease.is_valid and self._watch.is_trusted:
            try:
                return await self._shared.get_or_lease(keys, lease.generation)
            except MaxConnectionsError:
                return {}, None
            except _FAILURES:
                self._watch.doubt()
        return {}, None

    def fill_soon(self, values: Mapping[str, bytes], leases: FillLeases) -> None:
        """Fill the shared tier without letting the reader wait for it; the leases make it safe however late it is."""
        self._soon(self._shared.fill(values, leases))

    async def get_page(self, scope: str, page_key: str, lease: CacheLease) -> tuple[str, bool, bytes | None] | None:
        """As SharedCache.get_page; None while the shared tier cannot be used."""
        if lease.is_valid and self._watch.is_trusted:
            try:
                return await self._shared.get_page(scope, page_key, lease.generation)
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
async def open_tiers(
    redis: "Redis", mode: str, prefixes: tuple[str, ...], grants: Mapping[str, Grant]
) -> AsyncIterator[CacheTiers | None]:
    """The tiers of a gateway, watched as long as the block runs; None in mode `off`.

    `grants` are the calls that renew the cache leases, by service.
    """
    if mode == OFF:
        yield None
        return
    server = RedisServer(redis)
    local, shared = LocalCache(), SharedCache(redis, server)
    watch = Watch(redis, server, local if mode == "tiered" else None, prefixes)
    leases = {service: CacheLease(service, grant, local.clear) for service, grant in grants.items()}
    metrics.LOCAL_ENTRIES.set_function(lambda: local.size[0])
    metrics.LOCAL_BYTES.set_function(lambda: local.size[1])
    metrics.TRUSTED.set_function(lambda: watch.is_trusted)
    background = [asyncio.create_task(work) for work in (watch.run(), *(lease.keep() for lease in leases.values()))]
    tiers = CacheTiers(local, shared, watch, leases)
    try:
        yield tiers
    finally:
        # More than once: what a task awaits may swallow a cancellation, as `wait_for` and `TaskGroup` of Python 3.11 do
        # (see test_the_watch_ends_whenever_it_is_told_to).
        while running := [task for task in background if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=0.1)
        await tiers.finish()
