"""Writers and readers that lose Redis, the database or each other, one way or both: no read is older than a write that
was acknowledged before it began.
"""

import asyncio
import time

import pytest

from catalog.copies import keys_of_listings
from gateway.cache.local import TRUSTED_S
from localmesh.tcp_proxy import HEALTHY, Condition

from .held_shop import item

MODES = pytest.mark.parametrize("mode", ["shared", "tiered"])
PARTITIONS = pytest.mark.parametrize("partition", ["stall_requests", "stall_replies", "reset"])


@pytest.fixture
async def writers_path(redis_url, proxy_to):
    """The writers' way to the cache; gateways have their own."""
    return await proxy_to(redis_url)


@pytest.fixture
async def writer(writers_path, open_writer):
    return await open_writer(writers_path[1])


async def two_warm(open_gateway, mode):
    gateways = [await open_gateway(mode, name=name) for name in ("one", "two")]
    for gateway in gateways:
        await gateway.warmed("1")
    return gateways


@MODES
@PARTITIONS
async def test_write_is_visible_when_only_writers_lost_redis(
    open_gateway, writers_path, writer, shop, eventually, mode, partition
):
    gateways = await two_warm(open_gateway, mode)
    writers_path[0].set_condition(Condition(**{partition: True}))
    for version in (2, 3):
        shop.change("1")
        await writer.run(["item:1"])
        assert [await gateway.read("1") for gateway in gateways] == [(version, "miss")] * 2
    # Caching begins again by itself, with nothing from before.
    writers_path[0].set_condition(HEALTHY)
    for gateway in gateways:
        await eventually(lambda gateway=gateway: gateway.is_trusting)
        await gateway.warmed("1")
        assert (await gateway.read("1"))[0] == 3


@MODES
async def test_write_is_visible_when_writers_meet_maxclients(open_gateway, own_redis, own_writer, shop, mode):
    gateway = await open_gateway(mode, url=own_redis.url)
    await gateway.warmed("1")
    async with own_redis.client("operator") as operator:
        await operator.config_set("maxclients", len(await operator.client_list()))
        shop.change("1")
        await own_writer.run(["item:1"])
        assert await gateway.read("1") == (2, "miss")


async def test_page_of_an_old_generation_is_not_shown(open_gateway, writers_path, writer, shop, eventually):
    async def ids(gateway):
        read = await gateway.search(category=1)
        await gateway.filled()
        return [item.message.item_id for item in read.value.items]

    gateway = await open_gateway("tiered")
    for _ in range(3):
        assert await ids(gateway) == ["1", "3"]
    writers_path[0].set_condition(Condition(reset=True))
    shop.items["5"] = item("5", 1)
    await writer.run(keys_of_listings([shop.items["5"]]))
    assert await ids(gateway) == ["1", "3", "5"]
    writers_path[0].set_condition(HEALTHY)
    await eventually(lambda: gateway.is_trusting)
    for _ in range(3):
        assert await ids(gateway) == ["1", "3", "5"]


async def test_fill_from_before_a_suspension_is_never_read(
    open_gateway, writers_path, writer, shop, eventually, cache_state
):
    gateways = [await open_gateway("shared", name=name) for name in ("one", "two")]
    with shop.held() as hold:
        reader = asyncio.create_task(gateways[0].read("1"))
        await hold.arrived.wait()
        writers_path[0].set_condition(Condition(reset=True))
        shop.change("1")
        await writer.run(["item:1"])
        hold.release()
        # It began before the write was acknowledged; its fill lease stands, since nobody could delete that.
        assert await reader == (1, "miss")
        await gateways[0].filled()
    writers_path[0].set_condition(HEALTHY)
    for gateway in gateways:
        await eventually(lambda gateway=gateway: gateway.is_trusting)
        await gateway.warmed("1")
        assert (await gateway.read("1"))[0] == 2


async def test_read_that_was_paused_after_the_lease_check_is_not_stale(
    open_gateway, writers_path, writer, shop, eventually, monkeypatch
):
    """It may show what was there when it began, and leaves nothing of it behind."""
    (gateway, _) = await two_warm(open_gateway, "tiered")
    get_or_lease, go_on, checked = gateway.tiers._shared.get_or_lease, asyncio.Event(), asyncio.Event()

    async def paused(keys, generation):
        checked.set()
        await go_on.wait()
        return await get_or_lease(keys, generation)

    monkeypatch.setattr(gateway.tiers._shared, "get_or_lease", paused)
    gateway.tiers.local.clear()
    reading = asyncio.create_task(gateway.read("1"))
    await checked.wait()
    monkeypatch.undo()
    writers_path[0].set_condition(Condition(reset=True))
    shop.change("1")
    await writer.run(["item:1"])
    go_on.set()
    assert await reading == (1, "shared")
    writers_path[0].set_condition(HEALTHY)
    assert (await gateway.read("1"))[0] == 2
    await eventually(lambda: gateway.is_trusting)
    assert (await gateway.read("1"))[0] == 2


@MODES
async def test_reads_go_to_the_service_without_a_lease(open_gateway, writer, shop, eventually, mode):
    gateway = await open_gateway(mode)
    await gateway.warmed("1")
    shop.grants = False
    await eventually(lambda: not gateway.is_trusting)
    assert await gateway.read("1") == (1, "miss")
    shop.grants = True
    await eventually(lambda: gateway.is_trusting)
    # The generation is the same, and so the copies may be used again.
    assert await gateway.read("1") == (1, "shared" if mode == "shared" else "local")


async def test_a_process_paused_past_its_lease_reads_no_copy(open_gateway, writers_path, writer, shop):
    gateways = await two_warm(open_gateway, "shared")
    writers_path[0].set_condition(Condition(reset=True))
    shop.change("1")
    writing = asyncio.create_task(writer.run(["item:1"]))
    await asyncio.sleep(0)
    # Nothing of the loop runs, so that neither gateway is told of the suspension; and the clock goes on.
    time.sleep(TRUSTED_S + 0.3)  # noqa: ASYNC251
    await writing
    assert [await gateway.read("1") for gateway in gateways] == [(2, "miss")] * 2


@MODES
async def test_a_service_without_its_database_ends_caching(open_gateway, cache_state, writer, eventually, mode):
    gateway = await open_gateway(mode)
    await gateway.warmed("1")
    await cache_state._database.close()
    await eventually(lambda: not gateway.is_trusting)
    assert await gateway.read("1") == (1, "miss")
