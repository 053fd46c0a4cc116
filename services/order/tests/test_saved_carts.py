"""A saved cart is what every later session of its buyer starts with."""

import asyncio

import pytest


@pytest.fixture
async def saved(shop):
    """A session that saved its cart: two of book 1 and one of book 2."""
    session = shop.both.session()
    await session.add("1", 2)
    await session.add("2", 1)
    assert await session.save() == {"1": 2, "2": 1}
    return session


async def test_later_sessions_start_with_it(shop, saved):
    assert await shop.both.session().cart() == {"1": 2, "2": 1}
    assert await shop.both.session().add("1") == {"1": 3, "2": 1}
    assert await shop.both.session().remove("2") == {"1": 2}


async def test_sessions_that_began_before_do_not(shop):
    earlier, saving = shop.both.session(), shop.both.session()
    await saving.add("1", 2)
    await saving.save()
    assert await earlier.cart() == {}
    assert await earlier.add("3") == {"3": 1}


async def test_other_buyers_do_not(shop, saved):
    assert await shop.both.session("bob").cart() == {}


async def test_a_cart_that_was_not_saved_ends_with_its_session(shop):
    await shop.both.session().add("1")
    assert await shop.both.session().cart() == {}


async def test_what_a_session_does_with_its_cart_afterwards_stays_its_own(shop, saved):
    later = shop.both.session()
    await later.add("3")
    await saved.add("4")
    assert await later.cart() == {"1": 2, "2": 1, "3": 1}
    assert await saved.cart() == {"1": 2, "2": 1, "4": 1}
    await saved.clear()
    assert await later.cart() == {"1": 2, "2": 1, "3": 1}
    assert await shop.both.session().cart() == {"1": 2, "2": 1}


async def test_a_later_save_takes_the_place_of_the_earlier(shop, saved):
    later = shop.both.session()
    await later.clear()
    await later.add("5")
    await later.save()
    assert await shop.both.session().cart() == {"5": 1}
    assert await saved.cart() == {"1": 2, "2": 1}


async def test_a_session_that_began_between_two_saves_starts_with_what_is_saved_when_it_first_touches_its_cart(
    shop, saved
):
    between, looking = shop.both.session(), shop.both.session()
    assert await looking.cart() == {"1": 2, "2": 1}
    await saved.add("3")
    await saved.save()
    assert await between.add("4") == {"1": 2, "2": 1, "3": 1, "4": 1}
    assert await looking.cart() == {"1": 2, "2": 1, "3": 1}


async def test_an_empty_cart_may_be_saved(shop, saved):
    await saved.clear()
    assert await saved.save() == {}
    assert await shop.both.session().cart() == {}


async def test_saving_at_once_in_two_sessions_keeps_one_of_the_two_carts_whole(shop):
    for _ in range(10):
        sessions = [replica.session() for replica in shop.orders]
        carts = [{"1": 1, "2": 1}, {"2": 2, "3": 2}]
        for session, cart in zip(sessions, carts, strict=True):
            await session.clear()
            for item_id, quantity in cart.items():
                await session.add(item_id, quantity)
        await asyncio.gather(*(session.save() for session in sessions))
        assert await shop.both.session().cart() in carts


async def test_bought_lines_leave_the_saved_cart_too(shop, saved):
    later = shop.both.session()
    await later.remove("1", 1)
    await later.add("3")
    await later.buy()
    assert await later.cart() == {}
    assert await shop.both.session().cart() == {"1": 1}
    await shop.audit()


async def test_a_saved_cart_is_bought_by_a_session_that_never_touched_it(shop, saved):
    bought = await shop.both.session().buy()
    assert {line.item_id: line.quantity for line in bought.order.lines} == {"1": 2, "2": 1}
    assert await shop.both.session().cart() == {}
    assert await saved.cart() == {"1": 2, "2": 1}
    await shop.audit()


async def test_lines_bought_while_the_cart_is_touched_for_the_first_time_do_not_come_back(shop, saved):
    """The order takes the saved lines away just when the session copies them: neither may miss the other."""
    later = shop.orders[0].session()
    async with shop.recording_held():
        buying = asyncio.ensure_future(later.buy())
        await shop.waiting()
        # The recording will wait here, after it has inserted the order.
        holding = shop.order_db.transaction()
        await holding.start()
        await shop.order_db.execute("SELECT FROM saved_cart_lines FOR UPDATE")
    await shop.waiting(db=shop.another_order_db)
    adding = asyncio.ensure_future(later.through(shop.orders[1]).add("3"))
    await shop.waiting(2, db=shop.another_order_db)
    await holding.rollback()
    await asyncio.gather(buying, adding)
    assert await later.cart() == {"3": 1}
    await shop.audit()


async def test_untouched_sessions_that_save_at_once_do_not_wait_in_a_circle(shop, saved):
    for _ in range(20):
        sessions = [replica.session() for replica in shop.orders]
        assert await asyncio.gather(*(session.save() for session in sessions)) == [{"1": 2, "2": 1}] * 2
