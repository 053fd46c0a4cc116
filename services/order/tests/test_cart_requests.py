"""Changes of a cart by request id: made once, and what was answered first stands."""

import grpc
import pytest

from .buyers import new_key, refused

REUSED = (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED", {"field": "Idempotency-Key"})


@pytest.fixture
def session(shop):
    return shop.both.session()


async def test_a_repeated_clear_leaves_lines_added_meanwhile(session):
    await session.add("1", 5)
    assert await session.clear("k") == {}
    await session.add("2")
    assert await session.clear("k") == {"2": 1}
    assert await session.cart() == {"2": 1}
    assert await session.clear("l") == {}


async def test_a_repeated_save_saves_nothing_added_meanwhile(shop, session):
    await session.add("1", 5)
    await session.save("k")
    await session.add("2")
    assert await session.save("k") == {"1": 5, "2": 1}
    assert await shop.both.session().cart() == {"1": 5}


async def test_changes_without_request_id_are_changes_of_their_own(shop, session):
    await session.add("1")
    await session.save()
    await session.clear()
    await session.add("2")
    await session.save()
    await session.clear()
    assert await session.cart() == {}
    assert await shop.both.session().cart() == {"2": 1}


async def test_another_change_under_the_same_request_id_is_rejected(session, subtests):
    await session.add("1", 5, key="k")
    for name, again in {
        "item": session.add("2", 5, key="k"),
        "quantity": session.add("1", 6, key="k"),
        "removal": session.remove("1", 5, key="k"),
        "clear": session.clear("k"),
        "save": session.save("k"),
    }.items():
        with subtests.test(name):
            assert await refused(again) == REUSED
    assert await session.cart() == {"1": 5}


async def test_removal_of_all_units_is_not_removal_of_some(session):
    await session.add("1", 5)
    await session.remove("1", 2, key="k")
    assert await refused(session.remove("1", key="k")) == REUSED
    assert await session.cart() == {"1": 3}


async def test_a_rejected_change_stays_rejected_when_it_would_be_allowed(shop, session):
    first = await refused(session.remove("1", key="k"))
    assert first == (grpc.StatusCode.NOT_FOUND, "CART_LINE_NOT_FOUND", {"item_id": "1"})
    await session.add("1")
    assert await refused(session.through(shop.orders[1]).remove("1", key="k")) == first
    assert await session.cart() == {"1": 1}
    assert await session.remove("1", key="l") == {}


async def test_a_rejected_addition_stays_rejected(shop, session):
    euros = await shop.item(currency="EUR")
    await session.add("1")
    first = await refused(session.add(euros, key="k"))
    assert first[:2] == (grpc.StatusCode.FAILED_PRECONDITION, "MIXED_CURRENCIES")
    await session.clear()
    assert await refused(session.add(euros, key="k")) == first
    assert await session.add(euros, key="l") == {euros: 1}


async def test_an_invalid_change_leaves_its_request_id_unused(session):
    key = new_key()
    await session.add("1")
    assert (await refused(session.add("1", 1_000_000, key=key)))[1] == "INVALID_FIELD"
    assert await session.add("1", 2, key=key) == {"1": 3}


async def test_a_request_recorded_without_a_digest_is_accepted(shop, session):
    await session.add("1", key="k")
    await shop.order_db.execute("UPDATE cart_requests SET request_digest = NULL")
    assert await session.add("1", 3, key="k") == {"1": 1}
