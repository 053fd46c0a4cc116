"""The end of the watch, at whatever moment it comes."""

import asyncio

import pytest

from chassis.redis import connect
from gateway.cache.reads import PREFIXES
from gateway.cache.tiers import open_tiers
from gateway.clients.cache_leases import Lease

pytestmark = pytest.mark.usefixtures("unhurried")


async def granted():
    return Lease(1, 60.0)


async def hangs():
    await asyncio.Event().wait()


async def turns(number):
    for _ in range(number):
        await asyncio.sleep(0)


async def clients_of(redis, name):
    return [client for client in await redis.client_list() if client["name"] == name]


@pytest.mark.parametrize("mode", ["tiered", "shared"])
async def test_closing_the_tiers_closes_both_connections(redis_url, invalidation, eventually, mode):
    async with connect(redis_url, name="brief") as redis:
        async with open_tiers(redis, mode, PREFIXES, {}) as tiers:
            await eventually(lambda: tiers._watch.is_trusted)
            assert len(await clients_of(invalidation._redis, "brief")) == 2
        async with asyncio.timeout(30):
            while await clients_of(invalidation._redis, "brief"):
                await asyncio.sleep(0.001)


async def test_the_watch_ends_whenever_it_is_told_to(redis_url, invalidation, eventually):
    """Also while it connects, and while it falls apart: these are the moments at which a cancellation is swallowed."""
    tasks = len(asyncio.all_tasks())
    async with connect(redis_url, name="brief") as redis:
        for number in range(40):
            async with asyncio.timeout(30), open_tiers(redis, "tiered", PREFIXES, {"catalog": hangs}):
                await turns(number)
        for number in range(12):
            async with asyncio.timeout(30), open_tiers(redis, "tiered", PREFIXES, {}) as tiers:
                await eventually(lambda tiers=tiers: tiers._watch.is_trusted)
                tiers._watch.doubt()
                await turns(number)
        await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
    async with asyncio.timeout(30):
        while await clients_of(invalidation._redis, "brief"):
            await asyncio.sleep(0.001)


async def test_fills_under_way_are_waited_for(redis_url, invalidation, eventually):
    async with connect(redis_url, name="brief") as redis:
        async with open_tiers(redis, "shared", PREFIXES, {"catalog": granted}) as tiers:
            await eventually(lambda: tiers._watch.is_trusted and tiers.leases["catalog"].is_valid)
            _, leases = await tiers.get_or_lease(["item:1"], tiers.leases["catalog"])
            tiers.fill_soon({"item:1": b"value"}, leases)
            tiers.put_page_soon("page:1", b"page")
        assert tiers._fills == set()
    assert await invalidation._redis.exists("item:1", "page:1") == 2


async def test_without_a_cache_nothing_connects(redis_url, invalidation):
    async with connect(redis_url, name="brief") as redis, open_tiers(redis, "off", PREFIXES, {}) as tiers:
        assert tiers is None
        assert await clients_of(invalidation._redis, "brief") == []
