"""The cart of one session: add, remove, clear; each repeated request does nothing more."""

import asyncio

import grpc
import pytest

from chassis.errors import Refusal

from .buyers import refused, units


@pytest.fixture
def session(shop):
    return shop.both.session()


async def test_an_untouched_cart_is_empty(session):
    shown = await session.shown()
    assert (list(shown.lines), shown.total_cents) == ([], 0)


async def test_added_units_count_together_at_todays_prices(shop, session):
    lamp = await shop.item(price_cents=250)
    await session.add("2", 1)
    await session.add(lamp, 2)
    assert await session.add(lamp, 3) == {"2": 1, lamp: 5}
    await shop.reprice(lamp, 300)
    shown = await session.shown()
    assert [(line.item_id, line.quantity, line.name, line.price_cents, line.currency) for line in shown.lines] == [
        ("2", 1, "RPCs for Dummies", 4000, "USD"),
        (lamp, 5, "Red lamp", 300, "USD"),
    ]
    assert shown.total_cents == 4000 + 5 * 300


async def test_lines_are_in_the_order_of_item_ids(shop, session):
    lamp = await shop.item()
    for item_id in (lamp, "7", "3"):
        await session.add(item_id)
    assert [line.item_id for line in (await session.shown()).lines] == ["3", "7", lamp]


async def test_a_cart_may_hold_more_than_is_in_stock(shop, session):
    lamp = await shop.item(quantity=1)
    assert await session.add(lamp, 1_000) == {lamp: 1_000}


async def test_concurrent_adds_to_one_line_lose_nothing(shop, session):
    senders = [session.through(replica) for replica in shop.orders]
    await asyncio.gather(*(sender.add("1") for _ in range(100) for sender in senders))
    assert await session.cart() == {"1": 200}


async def test_concurrent_adds_and_removals_of_several_lines_lose_nothing(shop, session):
    senders = [session.through(replica) for replica in shop.orders]
    await asyncio.gather(*(session.add(item_id, 100) for item_id in ("1", "2", "3")))
    await asyncio.gather(
        *(sender.add(item_id, 2) for _ in range(10) for sender in senders for item_id in ("1", "2")),
        *(sender.remove(item_id, 3) for _ in range(10) for sender in senders for item_id in ("3", "2")),
    )
    assert await session.cart() == {"1": 140, "2": 80, "3": 40}


async def test_a_repeated_request_adds_once_also_at_once_and_through_both_replicas(shop, session):
    senders = [session.through(replica) for replica in shop.orders]
    carts = await asyncio.gather(*(sender.add("1", 2, key="k") for _ in range(20) for sender in senders))
    assert all(cart == {"1": 2} for cart in carts)
    assert await session.add("1", 2, key="k") == {"1": 2}
    assert await session.add("1", 2, key="l") == {"1": 4}


async def test_another_session_may_use_the_same_request_id(shop, session):
    await session.add("1", key="k")
    assert await shop.both.session().add("1", key="k") == {"1": 1}


async def test_some_units_are_removed_or_all_and_never_more_than_there_are(session):
    await session.add("1", 5)
    await session.add("2", 5)
    assert await session.remove("1", 2) == {"1": 3, "2": 5}
    assert await session.remove("1", 9) == {"2": 5}
    assert await session.remove("2") == {}
    assert await session.cart() == {}


async def test_a_repeated_removal_removes_once_even_when_the_line_is_gone(shop, session):
    await session.add("1", 5)
    senders = [session.through(replica) for replica in shop.orders]
    carts = await asyncio.gather(*(sender.remove("1", 2, key="k") for _ in range(5) for sender in senders))
    assert all(cart == {"1": 3} for cart in carts)
    assert await session.remove("1", key="l") == {}
    assert await session.remove("1", key="l") == {}


async def test_removing_what_is_not_in_the_cart_is_not_found(session, subtests):
    await session.add("1")
    for item_id in ("2", "", "a\0b", "x" * 500):
        with subtests.test(item_id=item_id):
            code, reason, _ = await refused(session.remove(item_id))
            assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "CART_LINE_NOT_FOUND")
    assert await session.cart() == {"1": 1}


async def test_a_cleared_cart_is_empty_and_may_be_filled_again(session):
    await session.add("1", 5)
    await session.clear()
    assert await session.cart() == {}
    assert await session.add("1", 1) == {"1": 1}


async def test_an_unknown_item_cannot_be_added(shop, session, subtests):
    for item_id in ("999999", "01", "-1", "1e3", "9" * 64):
        with subtests.test(item_id=item_id):
            code, reason, metadata = await refused(session.add(item_id))
            assert (code, reason, metadata) == (grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND", {"item_id": item_id})
    assert await session.cart() == {}


async def test_a_cart_holds_items_of_one_currency(shop, session):
    euro, dearer = await shop.item(currency="EUR"), await shop.item(currency="EUR")
    await session.add("1", key="k")
    assert await refused(session.add(euro)) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "MIXED_CURRENCIES",
        {"item_id": euro},
    )
    assert await session.cart() == {"1": 1}
    await session.clear()
    assert await session.add(euro) == {euro: 1}
    assert await session.add(dearer) == {euro: 1, dearer: 1}
    # Served already, so it adds nothing and asks for nothing.
    assert await session.add("1", key="k") == {euro: 1, dearer: 1}


async def test_a_bad_request_names_its_field(session, subtests):
    for request, field in [
        ({"item_id": "1", "quantity": 0}, "quantity"),
        ({"item_id": "1", "quantity": -1}, "quantity"),
        ({"item_id": "1", "quantity": 1_000_001}, "quantity"),
        ({"item_id": ""}, "item_id"),
        ({"item_id": "x" * 65}, "item_id"),
        ({"item_id": "1", "key": ""}, "request_id"),
        ({"item_id": "1", "key": "x" * 201}, "request_id"),
    ]:
        with subtests.test(request=request):
            code, reason, metadata = await refused(session.add(**request))
            assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)
    code, _, metadata = await refused(session.remove("1", 0))
    assert (code, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "quantity")


async def test_no_line_grows_over_a_million_units(session):
    await session.add("1", 999_999)
    code, _, metadata = await refused(session.add("1", 2, key="k"))
    assert (code, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "quantity")
    assert await session.add("1", 1, key="k") == {"1": 1_000_000}


async def test_a_cart_holds_a_hundred_items_and_not_one_more_also_at_once(shop, session):
    items = await asyncio.gather(*(shop.item() for _ in range(105)))
    senders = [session.through(replica) for replica in shop.orders]
    added = await asyncio.gather(
        *(senders[number % 2].add(item_id) for number, item_id in enumerate(items)), return_exceptions=True
    )
    assert sorted({outcome.reason for outcome in added if isinstance(outcome, Refusal)}) == ["CART_FULL"]
    assert len(await session.cart()) == 100
    full = next(iter(await session.cart()))
    assert (await session.add(full))[full] == 2
    await session.remove(full)
    assert len(await session.add("1")) == 100


async def test_a_cart_of_a_hundred_items_is_bought(shop, session):
    items = await asyncio.gather(*(shop.item() for _ in range(100)))
    for item_id in items:
        await session.add(item_id)
    assert units((await session.buy()).order.lines) == dict.fromkeys(items, 1)
    assert await session.cart() == {}
    await shop.audit()
