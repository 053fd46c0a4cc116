"""Cache tiers as gateways have them, over a real Valkey and before a shop of gRPC stand-ins."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from agora.account.v1.account_pb2_grpc import add_AccountServiceServicer_to_server
from agora.catalog.v1.cache_lease_pb2 import GetCacheLeaseResponse
from agora.catalog.v1.cache_lease_pb2_grpc import add_CacheLeaseServiceServicer_to_server as add_catalog_leases
from agora.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server
from agora.review.v1.cache_lease_pb2_grpc import add_CacheLeaseServiceServicer_to_server as add_review_leases
from agora.review.v1.review_pb2_grpc import add_ReviewServiceServicer_to_server
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from agora.catalog.v1 import catalog_pb2 as pb
from chassis import cache_state as state_module
from chassis import invalidation as invalidation_module
from chassis import redis as redis_module
from chassis.cache_leases import CacheLeaseServicer
from chassis.context import RequestContext, enter
from chassis.invalidation import Invalidation
from chassis.redis import connect
from gateway.cache import local as local_module
from gateway.cache import watch as watch_module
from gateway.cache.look_up import Read
from gateway.cache.reads import PREFIXES, Items, Reads
from gateway.cache.tiers import CacheTiers, open_tiers
from gateway.clients.account import Accounts
from gateway.clients.cache_leases import CatalogLeases, ReviewLeases
from gateway.clients.catalog import Catalog
from gateway.clients.review import Reviews
from gateway.clients.sellers import Sellers

from ..stand_in_cache_leases import StandInReviewLeases  # noqa: TID252 - the tests one folder up have no other name
from .held_shop import HeldShop
from .own_redis import OwnRedis

# Less than a copy lives: what is gone by then did not go by its age.
EVENTUALLY_S = 20.0


@pytest.fixture(autouse=True)
async def patience():
    """A deadline that a busy machine does not meet by accident."""
    enter(RequestContext(deadline=time.monotonic() + 60))


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(EVENTUALLY_S):
        while not is_true():
            await asyncio.sleep(0.001)


@pytest.fixture(scope="session")
def eventually():
    """`await eventually(is_true)` returns as soon as it is."""
    return until


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"agora_cache_{name}_total", labels) or 0.0


@pytest.fixture(scope="session")
def count():
    """`count("lookups", kind="item", outcome="local")` is what a counter of the caches stands at."""
    return counted


@dataclass(frozen=True)
class Gateway:
    """What a gateway process has of the caches."""

    tiers: CacheTiers | None
    reads: Reads
    redis: "Redis"

    @property
    def is_trusting(self) -> bool:
        """Whether it may read both tiers."""
        assert self.tiers is not None
        return self.tiers._watch.is_trusted and all(lease.is_valid for lease in self.tiers.leases.values())

    async def filled(self) -> None:
        """Returns when the shared tier has what was read so far."""
        assert self.tiers is not None
        await self.tiers.finish()

    async def read(self, item_id: str) -> tuple[int, str]:
        """The version of the item that is shown, and where it came from."""
        read = await self.reads.item(item_id)
        return read.value.message.version, read.source

    async def search(self, **filters: Any) -> Read[Items]:
        return await self.reads.search(pb.SearchItemsRequest(**filters), self.reads._catalog.search_items)

    async def learned(self, item_id: str) -> None:
        """Read until the item comes from the local tier, as it does after a miss and a hit."""
        async with asyncio.timeout(EVENTUALLY_S):
            while (await self.read(item_id))[1] != "local":
                await self.filled()

    async def warmed(self, item_id: str) -> None:
        """Read until the item comes from the nearest tier there is."""
        assert self.tiers is not None
        nearest = "shared" if self.tiers._watch._local is None else "local"
        async with asyncio.timeout(EVENTUALLY_S):
            while (await self.read(item_id))[1] != nearest:
                await self.filled()


@dataclass
class OpenGateway:
    target: str
    url: str
    channel_to: Callable
    cleanup: AsyncExitStack

    async def __call__(
        self, mode: str = "tiered", *, url: str | None = None, name: str = "gateway", wait: bool = True
    ) -> Gateway:
        connection = connect(url or self.url, name=name, timeout_s=redis_module.TIMEOUT_S)
        redis = await self.cleanup.enter_async_context(connection)
        channel = self.channel_to(self.target)
        grants = {"catalog": CatalogLeases(channel).get, "review": ReviewLeases(channel).get}
        tiers = await self.cleanup.enter_async_context(open_tiers(redis, mode, PREFIXES, grants))
        reads = Reads(Catalog(channel), Reviews(channel), Sellers(Accounts(channel)), tiers)
        gateway = Gateway(tiers, reads, redis)
        if wait and tiers is not None:
            await until(lambda: gateway.is_trusting)
        return gateway


@pytest.fixture
def unhurried(monkeypatch):
    """For tests of what happens and not of when: a machine that stands still for a second loses nobody's trust."""
    monkeypatch.setattr(redis_module, "TIMEOUT_S", 30.0)
    monkeypatch.setitem(connect.__kwdefaults__, "timeout_s", 30.0)
    monkeypatch.setattr(invalidation_module, "TIMEOUT_S", 30.0)
    monkeypatch.setattr(watch_module, "_ANSWER_WITHIN_S", 30.0)
    for module in (watch_module, local_module):
        monkeypatch.setattr(module, "TRUSTED_S", 60.0)


@pytest.fixture
def shop() -> HeldShop:
    return HeldShop()


@pytest.fixture
async def shop_target(shop, serve) -> str:
    def add(servicer, server):
        add_AccountServiceServicer_to_server(servicer, server)
        add_CatalogServiceServicer_to_server(servicer, server)
        add_ReviewServiceServicer_to_server(servicer, server)
        add_catalog_leases(servicer, server)
        add_review_leases(StandInReviewLeases(), server)

    return (await serve(add, shop, tier="shop")).target


@pytest.fixture
async def open_gateway(shop_target, redis_url, channel_to):
    """`await open_gateway("shared")` over the stores' cache, or over the Redis at a `url`."""
    async with AsyncExitStack() as cleanup:
        yield OpenGateway(shop_target, redis_url, channel_to, cleanup)


@pytest.fixture
async def own_redis(tmp_path, ports):
    """A Valkey that only this test uses, running."""
    own = OwnRedis(tmp_path, ports.take())
    await own.start()
    yield own
    own.kill()


@pytest.fixture
async def open_writer(cache_state, shop, monkeypatch):
    """`await open_writer(url)` is a replica's invalidation; its database grants the leases of the shop."""
    # So that a test waits less for the end of a suspension.
    monkeypatch.setattr(state_module, "SUSPENSION", timedelta(seconds=0.5))
    monkeypatch.setattr(invalidation_module, "_PROBE_EVERY_S", 0.05)
    shop.leases = CacheLeaseServicer(cache_state, GetCacheLeaseResponse)
    async with AsyncExitStack() as cleanup:

        async def open_(url, state=cache_state):
            redis = await cleanup.enter_async_context(connect(url, name="writer"))
            return await cleanup.enter_async_context(aclosing(Invalidation(redis, state)))

        yield open_


@pytest.fixture
async def own_writer(own_redis, open_writer):
    """The invalidation of a service that writes, over the test's own Valkey."""
    return await open_writer(own_redis.url)
