"""First pages of listings: right as long as nothing was registered in their scope, or for good."""

import asyncio
import math

import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from catalog.copies import keys_of_items, keys_of_listings

from .held_shop import item

pytestmark = pytest.mark.usefixtures("unhurried")

MODES = pytest.mark.parametrize("mode", ["shared", "tiered"])


@pytest.fixture
def register(shop, invalidation):
    """As the catalog does: store, delete the copies, answer."""

    async def register(item_id: str, category: int, seller_id: str = "") -> None:
        shop.items[item_id] = item(item_id, category, seller_id=seller_id)
        await invalidation.run(keys_of_listings([shop.items[item_id]]))

    return register


async def search(gateway, **filters):
    """The ids on the page, and where it came from."""
    read = await gateway.search(**filters)
    await gateway.filled()
    return [item.message.item_id for item in read.value.items], read.source


async def warm(gateway, **filters):
    for _ in range(3):
        await search(gateway, **filters)


@MODES
async def test_a_page_comes_from_the_cache_with_its_items_and_its_token(open_gateway, shop, mode):
    gateway = await open_gateway(mode)
    await warm(gateway, category=1)
    read = await gateway.search(category=1)
    assert [item.message for item in read.value.items] == [shop.items["1"], shop.items["3"]]
    assert read.value.next_page_token == "more"
    assert read.source in ("shared", "local")
    assert len(shop.searches) == 1


async def test_what_is_registered_stands_on_the_first_page_at_once(open_gateway, register):
    gateways = [await open_gateway("shared"), await open_gateway("shared", name="other")]
    for number in range(5, 15):
        for gateway in gateways:
            await warm(gateway, category=1)
            await warm(gateway)
        await register(str(number), 1)
        for gateway in gateways:
            assert str(number) in (await search(gateway, category=1))[0]
            assert str(number) in (await search(gateway))[0]


async def test_in_tiered_mode_it_stands_there_when_the_push_has_arrived(open_gateway, register, eventually):
    gateway = await open_gateway("tiered")
    await warm(gateway, category=1)
    assert (await search(gateway, category=1))[1] == "local"
    await register("5", 1)
    await eventually(lambda: gateway.tiers.local.get("scope:1", math.inf) is None)
    assert "5" in (await search(gateway, category=1))[0]


@MODES
async def test_pages_of_other_categories_stay(open_gateway, register, shop, mode):
    gateway = await open_gateway(mode)
    await warm(gateway, category=2)
    searches = len(shop.searches)
    await register("5", 1)
    ids, source = await search(gateway, category=2)
    assert (ids, len(shop.searches)) == (["2", "4"], searches)
    assert source in ("shared", "local")


@MODES
async def test_a_page_computed_before_a_registration_is_never_shown_after_it(open_gateway, register, shop, mode):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    with shop.held() as hold:
        early = asyncio.create_task(search(gateway, category=1))
        await hold.arrived.wait()
        await register("5", 1)
        hold.release()
        assert await early == (["1", "3"], "miss")
    await gateway.filled()
    for reader in (gateway, other, gateway):
        assert (await search(reader, category=1))[0] == ["1", "3", "5"]


@MODES
async def test_a_page_stored_after_the_next_generation_began_is_not_shown(open_gateway, register, shop, mode):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    with shop.held() as hold:
        early = asyncio.create_task(search(gateway, category=1))
        await hold.arrived.wait()
        await register("5", 1)
        shop._hold = None
        assert (await search(other, category=1))[0] == ["1", "3", "5"]
        hold.release()
        # Its page has taken the place of the good one by now.
        assert (await early)[0] == ["1", "3"]
    for reader in (other, gateway):
        assert (await search(reader, category=1))[0] == ["1", "3", "5"]


async def test_the_eviction_of_a_generation_brings_no_page_back(open_gateway, register, invalidation):
    gateway = await open_gateway("shared")
    await warm(gateway, category=1)
    await invalidation._redis.delete("scope:1")
    await register("5", 1)
    await invalidation._redis.delete("scope:1")
    assert (await search(gateway, category=1))[0] == ["1", "3", "5"]


async def test_price_and_stock_on_a_cached_page_are_fresh(open_gateway, shop, invalidation):
    gateway = await open_gateway("shared")
    await warm(gateway, category=1)
    shop.change("3", price_cents=777, quantity=8)
    await invalidation.run(keys_of_items([3]))
    read = await gateway.search(category=1)
    assert [(item.message.price_cents, item.message.quantity) for item in read.value.items] == [(0, 0), (777, 8)]
    # The page is as far as the farthest of its items.
    assert read.source == "miss"
    assert len(shop.searches) == 1


@MODES
async def test_later_pages_are_asked_for_each_time(open_gateway, shop, mode, count):
    gateway = await open_gateway(mode)
    before = count("lookups", kind="page", outcome="off")
    for _ in range(2):
        assert (await search(gateway, category=1, page_token="2"))[1] == "off"
    assert len(shop.searches) == 2
    assert count("lookups", kind="page", outcome="off") == before + 2


async def test_different_searches_have_different_pages(open_gateway, shop):
    gateway = await open_gateway("shared")
    searches = [{}, {"category": 0}, {"category": 1}, {"text": "a"}, {"topic": "a"}, {"keywords": ["a"]}]
    searches += [{"page_size": 1}, {"keywords": ["a", "b"]}, {"keywords": ["b", "a"]}]
    for filters in searches:
        assert (await search(gateway, **filters))[1] == "miss"
    assert len(shop.searches) == len(searches)


async def test_pages_are_counted_by_where_they_came_from(open_gateway, count):
    gateway = await open_gateway("shared")
    before = [count("lookups", kind="page", outcome=outcome) for outcome in ("miss", "shared")]
    await warm(gateway, category=1)
    after = [count("lookups", kind="page", outcome=outcome) for outcome in ("miss", "shared")]
    assert [late - early for early, late in zip(before, after, strict=True)] == [1, 2]


async def list_of(gateway, seller_id, page_size=2):
    """The ids on the page, whether others follow it, and where it came from."""
    read = await gateway.reads.list_of_seller(pb.ListSellerItemsRequest(seller_id=seller_id, page_size=page_size))
    await gateway.filled()
    return [item.message.item_id for item in read.value.items], bool(read.value.next_page_token), read.source


@MODES
async def test_a_sellers_page_comes_from_the_cache_until_the_seller_registers(open_gateway, register, shop, mode):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    await register("5", 1, "seller")
    for _ in range(3):
        ids, follows, source = await list_of(gateway, "seller")
    assert (ids, follows, len(shop.lists)) == (["5"], False, 1)
    assert source in ("shared", "local")
    await register("6", 1, "somebody")
    assert (await list_of(gateway, "seller"))[2] in ("shared", "local")
    await register("7", 1, "seller")
    for reader in (other, gateway):
        assert (await list_of(reader, "seller"))[:2] == (["5", "7"], False)


@MODES
async def test_a_sellers_page_that_others_follow_is_right_for_good(open_gateway, register, shop, mode):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    for number in range(5, 8):
        await register(str(number), 1, "seller")
    await list_of(gateway, "seller")
    await register("8", 1, "seller")
    for reader in (gateway, other, gateway):
        ids, follows, source = await list_of(reader, "seller")
        assert (ids, follows) == (["5", "6"], True)
    assert source in ("shared", "local")
    assert len(shop.lists) == 1


@MODES
async def test_a_sellers_page_computed_before_a_registration_is_never_shown_after_it(
    open_gateway, register, shop, mode
):
    gateway, other = await open_gateway(mode), await open_gateway(mode, name="other")
    await register("5", 1, "seller")
    with shop.held() as hold:
        early = asyncio.create_task(list_of(gateway, "seller"))
        await hold.arrived.wait()
        await register("6", 1, "seller")
        hold.release()
        assert (await early)[0] == ["5"]
    for reader in (gateway, other, gateway):
        assert (await list_of(reader, "seller"))[0] == ["5", "6"]


async def test_a_search_and_a_list_never_share_a_page(open_gateway, register, shop):
    gateway = await open_gateway("shared")
    # As bytes, these two requests are one.
    search, own = pb.SearchItemsRequest(), pb.ListSellerItemsRequest()
    assert search.SerializeToString() == own.SerializeToString()
    await gateway.reads.search(search, gateway.reads._catalog.search_items)
    assert (await gateway.reads.list_of_seller(own)).source == "miss"
