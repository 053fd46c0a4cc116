"""A replica that dies between the reservation and the recording: the order is finished once, by whoever comes first."""

import asyncio

import grpc
import pytest

from chassis.context import DEFAULT_TIMEOUT_S
from order import recovery

from .buyers import refused, units


async def buy_lines(replica):
    return await replica.buy({"1": 2, "3": 1}, "k")


@pytest.fixture
async def cart(shop):
    session = shop.orders[1].session()
    await session.add("1", 2)
    await session.save()
    return session


async def assert_stands_once(shop, lines):
    [order] = (await shop.orders[1].orders()).orders
    assert units(order.lines) == lines
    await shop.settle()
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_the_buyer_tries_again_at_the_other_replica(shop):
    await shop.begin_and_die(buy_lines)
    assert not (await shop.orders[1].orders()).orders
    first, second = await buy_lines(shop.orders[1]), await buy_lines(shop.orders[1])
    assert first.order == second.order
    assert second.replayed
    await assert_stands_once(shop, {"1": 2, "3": 1})


async def test_the_buyer_tries_again_after_the_price_changed_and_pays_the_first(shop):
    lamp = await shop.item(price_cents=250)
    await shop.begin_and_die(lambda replica: replica.buy({lamp: 1}, "k"))
    await shop.reprice(lamp, 999)
    assert (await shop.orders[1].buy({lamp: 1}, "k")).order.total_cents == 250
    await assert_stands_once(shop, {lamp: 1})


async def test_the_buyer_tries_again_with_a_cart_that_changed_and_gets_what_was_reserved(shop, cart):
    await shop.begin_and_die(lambda replica: cart.through(replica).buy("k"))
    await cart.add("1", 1)
    await cart.add("5", 1)
    assert units((await cart.buy("k")).order.lines) == {"1": 2}
    assert await cart.cart() == {"1": 1, "5": 1}
    await assert_stands_once(shop, {"1": 2})


async def test_the_buyer_tries_again_with_a_cart_that_was_emptied(shop, cart):
    await shop.begin_and_die(lambda replica: cart.through(replica).buy("k"))
    await cart.clear()
    assert units((await cart.buy("k")).order.lines) == {"1": 2}
    await assert_stands_once(shop, {"1": 2})


async def test_the_buyer_tries_again_under_another_key_and_buys_nothing_twice(shop, cart):
    await shop.begin_and_die(lambda replica: cart.through(replica).buy("k"))
    code, reason, _ = await refused(cart.buy("l"))
    assert (code, reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CART_BOUGHT")
    assert await shop.orders[1].recovery.finish_open_orders(min_age_ms=0) == 1
    assert (await refused(cart.buy("l")))[1] == "CART_BOUGHT"
    assert (await refused(cart.buy("m")))[1] == "CART_EMPTY"
    await cart.add("3")
    assert units((await cart.buy("n")).order.lines) == {"3": 1}
    await shop.settle()
    await shop.audit()


async def test_another_body_under_the_key_of_a_begun_order_is_refused_and_the_order_stands_in_the_end(shop):
    await shop.begin_and_die(buy_lines)
    code, reason, _ = await refused(shop.orders[1].buy({"7": 1}, "k"))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    assert await shop.orders[1].recovery.finish_open_orders(min_age_ms=0) == 1
    await assert_stands_once(shop, {"1": 2, "3": 1})


async def test_nobody_tries_again_and_the_recovery_finishes_the_order(shop):
    await shop.begin_and_die(buy_lines)
    assert await shop.orders[1].recovery.finish_open_orders(min_age_ms=0) == 1
    assert await shop.orders[1].recovery.finish_open_orders(min_age_ms=0) == 0
    await assert_stands_once(shop, {"1": 2, "3": 1})


def test_an_order_is_under_way_for_less_time_than_the_recovery_leaves_it_alone():
    assert DEFAULT_TIMEOUT_S * 1000 < recovery._MIN_AGE_MS


async def test_the_recovery_leaves_orders_alone_that_may_still_be_under_way(shop, monkeypatch):
    monkeypatch.setattr(recovery.Recovery.finish_open_orders, "__defaults__", (600_000,))
    await shop.begin_and_die(buy_lines)
    assert await shop.orders[1].recovery.finish_open_orders() == 0
    assert not (await shop.orders[1].orders()).orders


async def test_the_recovery_takes_the_lines_out_of_the_cart_once(shop, cart):
    await shop.begin_and_die(lambda replica: cart.through(replica).buy("k"))
    await cart.add("1", 5)
    assert await cart.cart() == {"1": 7}
    recoveries = [replica.recovery for replica in shop.orders]
    finished = await asyncio.gather(*(recovery.finish_open_orders(min_age_ms=0) for recovery in recoveries * 2))
    assert sum(finished) == 1
    assert await cart.cart() == {"1": 5}
    assert await shop.orders[1].session().cart() == {}
    await assert_stands_once(shop, {"1": 2})


async def test_both_replicas_recover_and_the_buyer_tries_again_all_at_once(shop, cart):
    await shop.begin_and_die(lambda replica: cart.through(replica).buy("k"))
    *_, answer = await asyncio.gather(
        *(replica.recovery.finish_open_orders(min_age_ms=0) for replica in shop.orders for _ in range(3)),
        cart.buy("k"),
    )
    assert units(answer.order.lines) == {"1": 2}
    assert await cart.cart() == {}
    await assert_stands_once(shop, {"1": 2})


async def test_two_replicas_that_recover_many_orders_at_once_record_each_once(shop):
    carts = [shop.orders[0].session(f"buyer-{number}") for number in range(20)]
    await asyncio.gather(*(session.add("1", 2) for session in carts))
    await shop.reserve_only(*(session.owner for session in carts), lines={"1": 2})
    await shop.reserve_only(*[None] * 20, lines={"2": 1})
    recoveries = [replica.recovery for replica in shop.orders]
    finished = await asyncio.gather(*(recovery.finish_open_orders(min_age_ms=0) for recovery in recoveries))
    assert sum(finished) == 40
    assert [await session.cart() for session in carts] == [{}] * 20
    await shop.settle()
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_a_client_of_both_replicas_gets_its_order_when_one_dies_under_it(shop):
    async with shop.recording_held():
        buying = asyncio.ensure_future(buy_lines(shop.both))
        await shop.waiting()
        [dying] = [replica for replica in shop.orders if replica.is_busy()]
        await shop.kill(dying)
    assert units((await buying).order.lines) == {"1": 2, "3": 1}
    await shop.audit()


async def test_a_replica_whose_database_connection_breaks_while_it_records_records_it_all_the_same(shop):
    """The answer is UNAVAILABLE, which the channel repeats under the same key."""
    async with shop.recording_held():
        buying = asyncio.ensure_future(buy_lines(shop.orders[0]))
        for pid in await shop.waiting():
            await shop.order_db.execute("SELECT pg_terminate_backend($1)", pid)
    assert units((await buying).order.lines) == {"1": 2, "3": 1}
    await shop.audit()
