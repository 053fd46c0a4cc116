"""Look-ups by key through the tiers."""

import asyncio

import pytest

from gateway.refusals import ItemNotFound

pytestmark = pytest.mark.usefixtures("unhurried")


async def test_a_value_comes_from_nearer_and_nearer(open_gateway, shop, eventually, count):
    gateway = await open_gateway("tiered")
    before = {outcome: count("lookups", kind="item", outcome=outcome) for outcome in ("miss", "shared", "local")}
    sources = []
    for number in range(4):
        sources.append((await gateway.read("1"))[1])
        await gateway.filled()
        # When the push of a later change has arrived, so has that of the fill.
        await gateway.redis.set(f"item:flag-{number}", "")
        await eventually(lambda number=number: f"item:flag-{number}" in gateway.tiers.local._drops)
    assert sources == ["miss", "shared", "local", "local"]
    assert shop.calls == [["1"]]
    after = {outcome: count("lookups", kind="item", outcome=outcome) for outcome in before}
    assert {outcome: after[outcome] - before[outcome] for outcome in before} == {"miss": 1, "shared": 1, "local": 2}


async def test_in_shared_mode_nothing_is_kept_here(open_gateway, shop):
    gateway = await open_gateway("shared")
    sources = []
    for _ in range(3):
        sources.append((await gateway.read("1"))[1])
        await gateway.filled()
    assert sources == ["miss", "shared", "shared"]
    assert gateway.tiers.local.size == (0, 0)
    assert shop.calls == [["1"]]


async def test_without_a_cache_every_read_asks_the_catalog(open_gateway, shop):
    gateway = await open_gateway("off")
    assert [await gateway.read("1") for _ in range(3)] == [(1, "off")] * 3
    assert len(shop.calls) == 3


@pytest.mark.parametrize("mode", ["off", "shared", "tiered"])
async def test_a_hundred_misses_of_one_key_make_one_call(open_gateway, shop, mode):
    gateway = await open_gateway(mode)
    reads = await asyncio.gather(*[gateway.read("1") for _ in range(100)])
    assert {version for version, _ in reads} == {1}
    assert shop.calls == [["1"]]


async def test_what_one_gateway_filled_the_other_finds(open_gateway, shop):
    first, second = await open_gateway("shared"), await open_gateway("tiered", name="second")
    await first.read("1")
    await first.filled()
    assert await second.read("1") == (1, "shared")
    assert await second.read("1") == (1, "local")
    assert len(shop.calls) == 1


@pytest.mark.parametrize("mode", ["off", "shared", "tiered"])
async def test_a_reader_does_not_join_a_call_that_left_before_a_write_was_answered(
    open_gateway, shop, invalidation, mode
):
    gateway = await open_gateway(mode)
    with shop.held() as hold:
        early = asyncio.create_task(gateway.read("1"))
        await hold.arrived.wait()
        shop.change("1")
        await invalidation.run(["item:1"])
        late = asyncio.create_task(gateway.read("1"))
        async with asyncio.timeout(60):
            while len(shop.calls) < 2:
                await asyncio.sleep(0.001)
        hold.release()
        assert (await early)[0] == 1
        assert (await late)[0] == 2
    if mode != "off":
        await gateway.filled()
        assert (await gateway.read("1"))[0] == 2


@pytest.mark.parametrize("mode", ["shared", "tiered"])
async def test_an_answer_held_back_over_a_write_is_shown_to_nobody_else(open_gateway, shop, invalidation, mode):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    with shop.held() as hold:
        early = asyncio.create_task(gateway.read("1"))
        await hold.arrived.wait()
        shop.change("1")
        await invalidation.run(["item:1"])
        hold.release()
        assert (await early)[0] == 1
        await gateway.filled()
    for reader in (gateway, other, gateway):
        assert (await reader.read("1"))[0] == 2
        await reader.filled()


async def test_an_answer_of_redis_held_back_over_a_write_does_not_stay_here(
    open_gateway, shop, invalidation, monkeypatch
):
    gateway = await open_gateway("tiered")
    await gateway.read("1")
    await gateway.filled()
    answered, go_on = asyncio.Event(), asyncio.Event()
    get_or_lease = gateway.tiers._shared.get_or_lease

    async def hold_back(keys, generation):
        answer = await get_or_lease(keys, generation)
        answered.set()
        await go_on.wait()
        return answer

    monkeypatch.setattr(gateway.tiers._shared, "get_or_lease", hold_back)
    early = asyncio.create_task(gateway.read("1"))
    await answered.wait()
    monkeypatch.undo()
    shop.change("1")
    await invalidation.run(["item:1"])
    async with asyncio.timeout(60):
        while "item:1" not in gateway.tiers.local._drops:
            await asyncio.sleep(0.001)
    go_on.set()
    assert await early == (1, "shared")
    assert (await gateway.read("1"))[0] == 2


async def test_an_unknown_item_is_looked_for_each_time(open_gateway, shop):
    gateway = await open_gateway("tiered")
    for _ in range(2):
        with pytest.raises(ItemNotFound):
            await gateway.read("404")
        await gateway.filled()
    assert shop.calls == [["404"], ["404"]]
    shop.items["404"] = shop.items["1"].__class__(item_id="404", version=1)
    assert (await gateway.read("404"))[0] == 1


async def test_items_come_in_order_and_from_as_far_as_the_farthest(open_gateway, shop):
    gateway = await open_gateway("tiered")
    await gateway.learned("3")
    read = await gateway.reads.items(["3"])
    assert ([item.message.item_id for item in read.value], read.source) == (["3"], "local")
    read = await gateway.reads.items(["2", "404", "3", "1"])
    assert ([item.message.item_id for item in read.value], read.source) == (["2", "3", "1"], "miss")
    await gateway.filled()
    read = await gateway.reads.items(["1", "3", "2"])
    assert ([item.message.item_id for item in read.value], read.source) == (["1", "3", "2"], "shared")
    assert [sorted(call) for call in shop.calls] == [["3"], ["1", "2", "404"]]


async def test_ratings_are_cached_with_and_without_votes(open_gateway, shop, invalidation):
    gateway = await open_gateway("shared")
    shop.ratings["seller"] = 5
    for source in ("miss", "shared"):
        for seller_id, thumbs_up in (("seller", 5), ("other", 0)):
            read = await gateway.reads.rating(seller_id)
            assert (read.value.message.thumbs_up, read.source) == (thumbs_up, source)
            await gateway.filled()
    shop.ratings["seller"] = 6
    await invalidation.run(["rating:seller"])
    assert (await gateway.reads.rating("seller")).value.message.thumbs_up == 6


async def test_a_crowd_larger_than_the_pool_is_no_reason_for_distrust(open_gateway, shop, count):
    gateway = await open_gateway("shared")
    lost = count("trust_lost")
    gateway.redis.connection_pool.max_connections = 5
    lease = gateway.tiers.leases["catalog"]
    reads = await asyncio.gather(*[gateway.tiers.get_or_lease([f"item:{number}"], lease) for number in range(20)])
    assert sum(leases is not None for _, leases in reads) >= 5
    assert sum(leases is None for _, leases in reads) >= 1
    assert gateway.is_trusting
    assert count("trust_lost") == lost
