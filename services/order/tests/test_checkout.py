"""Buying lines or a cart, once, through one client; the order stands, or nothing changed."""

from datetime import UTC, datetime
from uuid import UUID

import grpc
import pytest

from agora.order.v1 import order_pb2 as pb

from .buyers import new_key, refused, units

REUSED = (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")


async def test_lines_are_bought_at_the_prices_of_the_catalog(shop):
    lamp = await shop.item(price_cents=250)
    bought = await shop.both.buy({lamp: 3, "2": 1})
    order = bought.order
    assert not bought.replayed
    assert UUID(order.order_id)
    assert (order.buyer_id, order.state, order.currency) == ("ann", pb.ORDER_STATE_CONFIRMED, "USD")
    assert [(line.item_id, line.quantity, line.price_cents) for line in order.lines] == [("2", 1, 4000), (lamp, 3, 250)]
    assert order.total_cents == 4750
    assert abs(datetime.now(UTC).timestamp() - order.create_time.seconds) < 60
    assert await shop.both.order(order.order_id) == order
    assert await shop.stock(lamp) == 7
    await shop.audit()


async def test_lines_of_one_item_count_together(shop):
    lamp = await shop.item(quantity=5)
    assert units((await shop.both.buy([(lamp, 2), ("1", 1), (lamp, 3)])).order.lines) == {lamp: 5, "1": 1}
    assert await shop.stock(lamp) == 0


async def test_the_same_key_and_lines_again_are_the_same_order(shop):
    key = new_key()
    first = await shop.both.buy([("1", 1), ("2", 2)], key)
    for replica in (*shop.orders, shop.both):
        again = await replica.buy([("2", 1), ("1", 1), ("2", 1)], key)
        assert (again.order, again.replayed) == (first.order, True)
    assert await shop.stock("2") == 998
    await shop.audit()


async def test_a_replay_has_the_first_prices(shop):
    lamp = await shop.item(price_cents=250)
    first = await shop.both.buy({lamp: 1}, "k")
    await shop.reprice(lamp, 999)
    assert (await shop.both.buy({lamp: 1}, "k")).order == first.order
    assert (await shop.both.buy({lamp: 1})).order.total_cents == 999
    await shop.audit()


async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(shop, subtests):
    session = shop.both.session()
    await session.add("1")
    first = await shop.both.buy({"1": 1}, "k")
    for name, again in [
        ("quantity", shop.both.buy({"1": 2}, "k")),
        ("item", shop.both.buy({"2": 1}, "k")),
        ("more lines", shop.both.buy({"1": 1, "2": 1}, "k")),
        ("unknown item", shop.both.buy({"999999": 1}, "k")),
        ("cart", session.buy("k")),
    ]:
        with subtests.test(name):
            assert (await refused(again))[:2] == REUSED
    assert await session.cart() == {"1": 1}
    assert list((await shop.both.orders()).orders) == [first.order]
    await shop.audit()


async def test_a_key_used_for_a_cart_is_refused_for_lines(shop):
    session = shop.both.session()
    await session.add("1")
    await session.buy("k")
    assert (await refused(shop.both.buy({"1": 1}, "k")))[:2] == REUSED
    await shop.audit()


async def test_each_buyer_has_keys_of_their_own(shop):
    anns, bobs = await shop.both.buy({"1": 1}, "k"), await shop.both.buy({"1": 1}, "k", "bob")
    assert anns.order.order_id != bobs.order.order_id
    assert not bobs.replayed
    await shop.audit()


async def test_a_cart_is_bought_and_is_empty_then(shop):
    lamp = await shop.item(price_cents=250)
    session = shop.both.session()
    await session.add(lamp, 3)
    await session.add("2")
    await shop.reprice(lamp, 300)
    order = (await session.buy()).order
    assert [(line.item_id, line.quantity, line.price_cents) for line in order.lines] == [("2", 1, 4000), (lamp, 3, 300)]
    assert await session.cart() == {}
    await shop.audit()


async def test_buying_lines_leaves_the_cart_alone(shop):
    session = shop.both.session()
    await session.add("1", 2)
    await shop.both.buy({"1": 1})
    assert await session.cart() == {"1": 2}


async def test_a_cart_bought_again_under_its_key_is_the_same_order_whatever_the_cart_holds_now(shop):
    session = shop.both.session()
    await session.add("1", 2)
    first = await session.buy("k")
    assert (await session.buy("k")) == pb.PlaceOrderResponse(order=first.order, replayed=True)
    await session.add("1", 1)
    await session.add("3", 4)
    assert (await session.buy("k")) == pb.PlaceOrderResponse(order=first.order, replayed=True)
    assert await session.cart() == {"1": 1, "3": 4}
    await shop.audit()


async def test_an_empty_cart_cannot_be_bought(shop):
    session = shop.both.session()
    assert (await refused(session.buy("k")))[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "CART_EMPTY")
    await session.add("1")
    assert not (await session.buy()).replayed


@pytest.mark.parametrize(
    ("bad", "code", "reason"),
    [
        ("sold out", grpc.StatusCode.FAILED_PRECONDITION, "OUT_OF_STOCK"),
        ("unknown", grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND"),
        ("in euros", grpc.StatusCode.FAILED_PRECONDITION, "MIXED_CURRENCIES"),
    ],
)
async def test_a_refused_order_names_the_item_and_changes_nothing_anywhere(shop, bad, code, reason):
    items = {"sold out": await shop.item(quantity=1), "unknown": "999999", "in euros": await shop.item(currency="EUR")}
    item_id = items[bad]
    session = shop.both.session()
    await session.add("1", 2)
    if bad == "sold out":
        await session.add(item_id, 2)
        assert await refused(session.buy()) == (code, reason, {"item_id": item_id})
        assert await session.cart() == {"1": 2, item_id: 2}
    assert await refused(shop.both.buy({"1": 1, item_id: 2}, "k")) == (code, reason, {"item_id": item_id})
    assert await shop.stock("1") == 1000
    assert not (await shop.both.orders()).orders
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_a_rejected_key_stays_rejected_through_every_replica(shop):
    lamp = await shop.item(quantity=1)
    first = await refused(shop.both.buy({lamp: 2}, "k"))
    assert first[1] == "OUT_OF_STOCK"
    await shop.restock(lamp, 10)
    for replica in (*shop.orders, shop.both):
        assert await refused(replica.buy({lamp: 2}, "k")) == first
        assert (await refused(replica.buy({lamp: 1}, "k")))[:2] == REUSED
        assert (await refused(replica.session().buy("k")))[:2] == REUSED
    assert not (await shop.both.buy({lamp: 2})).replayed
    await shop.audit()


async def test_a_rejected_cart_stays_rejected_whatever_it_holds(shop):
    session = shop.both.session()
    assert (await refused(session.buy("empty")))[1] == "CART_EMPTY"
    await session.add("1")
    assert (await refused(session.buy("empty")))[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "CART_EMPTY")
    assert (await refused(shop.both.buy({"1": 1}, "empty")))[:2] == REUSED
    assert await session.cart() == {"1": 1}
    assert units((await session.buy()).order.lines) == {"1": 1}
    await shop.audit()


async def test_a_bad_request_leaves_its_key_unused(shop):
    assert (await refused(shop.both.buy({"1": 0}, "k")))[1] == "INVALID_FIELD"
    assert not (await shop.both.buy({"1": 1}, "k")).replayed


async def test_a_bad_request_names_its_field_and_changes_nothing(shop, subtests):
    for lines, key, field in [
        ({"1": 0}, "k", "quantity"),
        ({"1": -1}, "k", "quantity"),
        ([("1", 1_000_000), ("1", 1)], "k", "quantity"),
        ({"": 1}, "k", "item_id"),
        ({"a\0b": 1}, "k", "item_id"),
        ({"\N{CJK UNIFIED IDEOGRAPH-20000}" * 17: 1}, "k", "item_id"),
        ({str(number): 1 for number in range(101)}, "k", "lines"),
        ({"1": 1}, "", "request_id"),
        ({"1": 1}, "x" * 201, "request_id"),
        ({"1": 1}, "a\0b", "request_id"),
        ({}, "k", "session_id"),
    ]:
        with subtests.test(lines=lines, key=key):
            code, reason, metadata = await refused(shop.both.buy(lines, key))
            assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)
    await shop.audit()
