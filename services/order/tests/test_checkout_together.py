"""Many purchases at once through both replicas: one order a key, no unit sold twice, no line lost."""

import asyncio
import random

from chassis.errors import Refusal

from .buyers import units


async def test_one_key_sent_fifty_times_through_both_replicas_is_one_order(shop):
    bought = await asyncio.gather(*(replica.buy({"1": 2, "2": 1}, "k") for _ in range(25) for replica in shop.orders))
    assert all(answer.order == bought[0].order for answer in bought)
    assert [answer.replayed for answer in bought].count(False) == 1
    assert await shop.stock("1") == 998
    assert len((await shop.both.orders()).orders) == 1
    await shop.audit()


async def test_one_key_of_a_cart_sent_fifty_times_through_both_replicas_is_one_order(shop):
    session = shop.both.session()
    await session.add("1", 2)
    senders = [session.through(replica) for replica in shop.orders]
    bought = await asyncio.gather(*(sender.buy("k") for _ in range(25) for sender in senders))
    assert all(answer.order == bought[0].order for answer in bought)
    assert [answer.replayed for answer in bought].count(False) == 1
    assert await session.cart() == {}
    assert await shop.stock("1") == 998
    await shop.audit()


async def test_one_key_with_two_bodies_at_once_is_one_order_and_the_other_is_refused(shop):
    for number in range(20):
        bodies = [{"1": 1}, {"2": 1}]
        outcomes = await asyncio.gather(
            *(replica.buy(body, f"k{number}") for replica in shop.orders for body in bodies), return_exceptions=True
        )
        reused = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
        bought = [outcome.order for outcome in outcomes if not isinstance(outcome, Exception)]
        assert reused == ["IDEMPOTENCY_KEY_REUSED"] * 2
        assert bought[0] == bought[1]
    assert len((await shop.both.orders()).orders) == 20
    await shop.audit()


async def test_a_hundred_buyers_of_ten_units_place_ten_orders(shop):
    lamp = await shop.item(quantity=10)
    outcomes = await asyncio.gather(
        *(shop.both.buy({lamp: 1}, "k", f"buyer-{number}") for number in range(100)), return_exceptions=True
    )
    refusals = [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)]
    assert refusals == ["OUT_OF_STOCK"] * 90
    assert await shop.stock(lamp) == 0
    await shop.audit()


async def test_two_carts_of_one_buyer_are_bought_at_once(shop):
    sessions = [replica.session() for replica in shop.orders]
    for session in sessions:
        await session.add("1", 2)
        await session.add("2", 1)
        await session.save()
    bought = await asyncio.gather(*(session.buy() for session in sessions))
    assert [units(answer.order.lines) for answer in bought] == [{"1": 2, "2": 1}] * 2
    assert [await session.cart() for session in sessions] == [{}, {}]
    assert await shop.both.session().cart() == {}
    await shop.audit()


async def test_a_cart_bought_under_many_keys_at_once_is_bought_once(shop):
    for saved in (False, True):
        session = shop.both.session()
        await session.add("1", 2)
        if saved:
            await session.save()
            # A session that has not touched what it starts with.
            session = shop.both.session()
        senders = [session.through(replica) for replica in shop.orders]
        outcomes = await asyncio.gather(*(sender.buy() for _ in range(5) for sender in senders), return_exceptions=True)
        bought = [units(answer.order.lines) for answer in outcomes if not isinstance(answer, Refusal)]
        assert bought == [{"1": 2}]
        assert {answer.reason for answer in outcomes if isinstance(answer, Refusal)} <= {"CART_EMPTY", "CART_BOUGHT"}
        assert await session.cart() == {}
    await shop.audit()


async def test_random_buyers_keep_every_promise(shop):
    dice = random.Random(11)
    items = [await shop.item(quantity=dice.randrange(5, 40), price_cents=dice.randrange(1_000)) for _ in range(5)]
    answered = {}

    async def purchase(number):
        buyer_id, key = f"buyer-{number % 4}", f"purchase-{number % 40}"
        lines = {item_id: 1 + (number + int(item_id)) % 3 for item_id in items[number % 5 : number % 5 + 2]}
        if number % 3 == 0:
            await shop.reprice(items[number % 5], number)
        try:
            answer = await shop.orders[number % 2].buy(lines, key, buyer_id)
        except Refusal as refusal:
            assert refusal.reason in {"OUT_OF_STOCK", "IDEMPOTENCY_KEY_REUSED"}
        else:
            assert answered.setdefault((buyer_id, key), answer.order) == answer.order

    async def visit(number):
        session = shop.both.session(f"buyer-{number % 4}")
        for _ in range(4):
            await session.add(items[number % 5], 1 + number % 2)
            if number % 2:
                await session.save()
            try:
                bought = (await session.buy()).order
                answered[bought.order_id] = bought
            except Refusal as refusal:
                assert refusal.reason == "OUT_OF_STOCK"

    await asyncio.gather(*map(purchase, range(160)), *map(visit, range(12)))
    recorded = await shop.order_db.fetch("SELECT id FROM orders")
    assert {order.order_id for order in answered.values()} == {str(row["id"]) for row in recorded}
    for order in answered.values():
        assert await shop.both.order(order.order_id, order.buyer_id) == order
    await shop.audit()
