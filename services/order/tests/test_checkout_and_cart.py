"""A cart that changes while it is bought: bought lines leave it, and what is added meanwhile stays."""

import asyncio

import grpc
import pytest

from order.repository import Repository

from .buyers import refused, units

CART_BOUGHT = (grpc.StatusCode.FAILED_PRECONDITION, "CART_BOUGHT")


@pytest.fixture
async def session(shop):
    """A cart of three of book 1 and one of book 2, at the first replica."""
    session = shop.orders[0].session()
    await session.add("1", 3)
    await session.add("2", 1)
    return session


async def test_lines_added_between_the_reservation_and_the_recording_stay(shop, session):
    async with shop.recording_held():
        buying = asyncio.ensure_future(session.buy())
        await shop.waiting()
        other = session.through(shop.orders[1])
        await other.add("1", 2)
        await other.add("5", 4)
    assert units((await buying).order.lines) == {"1": 3, "2": 1}
    assert await session.cart() == {"1": 2, "5": 4}
    await shop.audit()


async def test_lines_added_between_the_reading_of_the_cart_and_the_reservation_stay(shop, session):
    async with shop.catalog_db.transaction():
        await shop.catalog_db.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        buying = asyncio.ensure_future(session.buy())
        await shop.reserving()
        await session.through(shop.orders[1]).add("1", 2)
    assert units((await buying).order.lines) == {"1": 3, "2": 1}
    assert await session.cart() == {"1": 2}
    await shop.audit()


async def test_a_cart_that_is_being_bought_is_not_bought_under_another_key_whatever_is_added(shop, session):
    other = session.through(shop.orders[1])
    async with shop.recording_held():
        buying = asyncio.ensure_future(session.buy())
        await shop.waiting()
        await other.add("5", 4)
        assert (await refused(other.buy("k")))[:2] == CART_BOUGHT
    assert units((await buying).order.lines) == {"1": 3, "2": 1}
    assert (await refused(other.buy("k")))[:2] == CART_BOUGHT
    assert units((await other.buy()).order.lines) == {"5": 4}
    assert await session.cart() == {}
    await shop.audit()


async def test_a_cart_read_before_it_was_bought_and_reserved_after_is_refused(shop, session):
    other = session.through(shop.orders[1])
    async with shop.catalog_db.transaction():
        await shop.catalog_db.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        late = asyncio.ensure_future(other.buy())
        await shop.reserving()
        # The row that both want is held, so the first order that is made of this cart is of what it holds besides.
        await session.remove("1")
        assert units((await session.buy()).order.lines) == {"2": 1}
    assert (await refused(late))[:2] == CART_BOUGHT
    assert await session.cart() == {}
    await shop.audit()


async def test_a_cart_emptied_while_its_order_waits_is_decided_once(shop, session):
    """The first attempt waits for a row; its client empties the cart and asks again with the same key."""
    async with shop.catalog_db.transaction():
        await shop.catalog_db.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        late = asyncio.ensure_future(session.buy("k"))
        await shop.reserving()
        again = session.through(shop.orders[1])
        await again.clear()
        assert (await refused(again.buy("k")))[1] == "CART_EMPTY"
    assert (await refused(late))[1] == "CART_EMPTY"
    await again.add("3")
    assert (await refused(again.buy("k")))[1] == "CART_EMPTY"
    assert not (await shop.both.orders()).orders
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_a_refused_order_leaves_the_cart_to_the_next_key(shop, session):
    lamp = await shop.item(quantity=1)
    await session.add(lamp, 2)
    await refused(session.buy())
    await session.remove(lamp, 1)
    assert units((await session.buy()).order.lines) == {"1": 3, "2": 1, lamp: 1}
    await shop.audit()


async def test_lines_removed_while_they_are_bought_are_bought_and_gone(shop, session):
    async with shop.recording_held():
        buying = asyncio.ensure_future(session.buy())
        await shop.waiting()
        await session.through(shop.orders[1]).remove("1", 2)
    assert units((await buying).order.lines) == {"1": 3, "2": 1}
    assert await session.cart() == {}
    await shop.audit()


async def test_a_change_of_the_cart_waits_for_an_order_that_is_taking_its_lines_and_is_not_lost(shop, session):
    """The order is inserted and waits for the cart, which a change holds; the change commits first."""
    changing = shop.another_order_db.transaction()
    await changing.start()
    await shop.another_order_db.execute("UPDATE carts SET updated_at = now()")
    await shop.another_order_db.execute("UPDATE cart_lines SET quantity = 7 WHERE item_id = '1'")
    buying = asyncio.ensure_future(session.buy())
    await shop.waiting()
    adding = asyncio.ensure_future(session.through(shop.orders[1]).add("2", 5))
    await shop.waiting(2)
    await changing.commit()
    assert units((await buying).order.lines) == {"1": 3, "2": 1}
    await adding
    assert await session.cart() == {"1": 4, "2": 5}
    await shop.audit()


async def test_adding_and_buying_in_turns_through_both_replicas_loses_no_unit(shop, session):
    """Every unit that was ever added was bought once or is in the cart."""
    other = session.through(shop.orders[1])

    async def keep_adding():
        for _ in range(60):
            await other.add("1", 1)

    async def keep_buying():
        orders = []
        for _ in range(15):
            if await session.cart():
                orders.append((await session.buy()).order)
        return orders

    _, orders = await asyncio.gather(keep_adding(), keep_buying())
    bought = sum(units(order.lines).get("1", 0) for order in orders)
    assert bought + (await session.cart()).get("1", 0) == 63
    await shop.audit()


async def test_a_cart_whose_session_is_in_use_is_not_dropped(shop, session):
    await shop.order_db.execute("UPDATE carts SET updated_at = now() - interval '3 days'")
    await session.keep()
    await shop.both.session().keep()
    await Repository(shop.orders[1].database).delete_idle_carts()
    assert await session.cart() == {"1": 3, "2": 1}


async def test_a_cart_dropped_for_idleness_takes_no_order_with_it(shop, session):
    order = (await session.buy()).order
    await session.add("3")
    await shop.order_db.execute("UPDATE carts SET updated_at = now() - interval '3 days'")
    fresh = shop.both.session()
    await fresh.add("4")
    await Repository(shop.orders[1].database).delete_idle_carts()
    assert await session.cart() == {}
    assert await fresh.cart() == {"4": 1}
    assert await shop.both.order(order.order_id) == order
    await shop.audit()
