"""Totals are integers that JSON holds exactly, and lines have names, however old they are."""

import asyncio

import grpc
import pytest

from chassis.money import MAX_PRICE_CENTS, MAX_TOTAL_CENTS, MAX_UNITS

from .buyers import refused, units

INVALID_QUANTITY = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "quantity")


def test_the_greatest_total_is_a_json_integer():
    assert MAX_UNITS * MAX_PRICE_CENTS <= MAX_TOTAL_CENTS == 2**53 - 1


@pytest.fixture
async def dear_items(shop):
    return [await shop.item(quantity=1_000_000, price_cents=MAX_PRICE_CENTS) for _ in range(10)]


async def test_an_order_total_never_passes_what_json_holds(shop, dear_items):
    code, reason, metadata = await refused(shop.both.buy(dict.fromkeys(dear_items, 1_000_000), "k"))
    assert (code, reason, metadata["field"]) == INVALID_QUANTITY
    lines = dict.fromkeys(dear_items[:9], 1_000_000) | {dear_items[9]: MAX_UNITS - 9_000_000}
    order = (await shop.both.buy(lines, "k")).order
    assert order.total_cents == MAX_UNITS * MAX_PRICE_CENTS
    assert order.total_cents <= MAX_TOTAL_CENTS
    await shop.audit()


async def test_a_cart_total_never_passes_what_json_holds(shop, dear_items):
    session = shop.both.session()
    for item_id in dear_items[:9]:
        await session.add(item_id, 1_000_000)
    code, reason, metadata = await refused(session.add(dear_items[9], 1_000_000))
    assert (code, reason, metadata["field"]) == INVALID_QUANTITY
    await session.add(dear_items[9], MAX_UNITS - 9_000_000)
    assert (await session.shown()).total_cents == MAX_UNITS * MAX_PRICE_CENTS
    await shop.order_db.execute("UPDATE cart_lines SET quantity = 1000000")  # as carts from before may be
    code, reason, metadata = await refused(session.buy("k"))
    assert (code, reason, metadata["field"]) == INVALID_QUANTITY


async def test_an_order_keeps_its_names_and_currency(shop):
    lamp = await shop.item(currency="EUR")
    order = (await shop.both.buy({lamp: 1})).order
    await shop.catalog_db.execute("UPDATE items SET name = 'Blue lamp' WHERE id = $1", int(lamp))
    shown = await shop.both.order(order.order_id)
    assert shown == order
    assert (shown.currency, [line.name for line in shown.lines]) == ("EUR", ["Red lamp"])


async def test_old_order_lines_have_the_name_of_today(shop):
    lamp = await shop.item()
    order = (await shop.both.buy({lamp: 1, "1": 1})).order
    await shop.order_db.execute("UPDATE order_lines SET name = NULL")
    await shop.catalog_db.execute("UPDATE items SET name = 'Blue lamp' WHERE id = $1", int(lamp))
    [listed] = (await shop.both.orders()).orders
    assert listed == await shop.both.order(order.order_id)
    assert [line.name for line in listed.lines][1] == "Blue lamp"
    for served in shop.catalog_replicas:
        await served.kill()
    assert [line.name for line in (await shop.both.order(order.order_id)).lines] == ["1", lamp]


async def test_old_reservations_are_recorded_with_the_name_of_today(shop):
    await shop.reserve_only(None, lines={"1": 1})
    await shop.catalog_db.execute("UPDATE stock_reservation_lines SET name = NULL")
    await shop.orders[0].recovery.finish_open_orders(min_age_ms=0)
    [order] = (await shop.both.orders()).orders
    name = await shop.catalog_db.fetchval("SELECT name FROM items WHERE id = 1")
    assert [line.name for line in order.lines] == [name]


async def test_longest_ids_of_any_script_fail_no_honest_order(shop):
    """A batch of full orders with the longest ids is still a message that the catalog takes."""
    odd = [f"{number:04}" + "\N{CJK UNIFIED IDEOGRAPH-20000}" * 15 for number in range(100)]
    orders = [shop.orders[0].buy(dict.fromkeys(odd, 1), f"k{number}", "mallory") for number in range(130)]
    honest = [shop.orders[0].buy({"1": 1}) for _ in range(10)]
    answers = await asyncio.gather(*orders, *honest, return_exceptions=True)
    assert {answer.reason for answer in answers[:130]} == {"ITEM_NOT_FOUND"}
    assert all(units(answer.order.lines) == {"1": 1} for answer in answers[130:])
