"""The checker finds changes of items that took effect twice, or over a version they did not expect."""

import pytest
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop


@pytest.fixture
def shop():
    shop = ModelShop()
    shop.set_item("7", quantity=10, price_cents=500)
    return shop


def test_changes_that_take_effect_once_are_no_violation(shop):
    shop.set_item("7", quantity=100)
    shop.read("7")
    shop.buy("ann", "k1", {"7": 5})
    shop.read("7")
    shop.set_item("7", quantity_delta=20)
    shop.set_item("7", quantity_delta=-3)
    shop.set_item("7", quantity=50, answered=False)
    shop.read("7")
    shop.set_item("7", price_cents=400, if_match=shop.versions["7"])
    assert shop.violations() == set()


def test_a_quantity_set_twice_around_a_sale_is_found(shop):
    change = shop.set_item("7", quantity=100)
    shop.buy("ann", "k1", {"7": 5})
    shop.read("7")
    shop.take_effect("7", {"quantity": 100})
    shop.read("7")
    # Its answer came last, so that by time alone all of it may have happened after the sale.
    change.answered_at = shop.now
    change.told["version"] = shop.versions["7"]
    assert Kind.REPEATED_CHANGE in shop.violations()


def test_units_of_a_change_that_was_repeated_are_told_later(shop):
    change = shop.set_item("7", quantity_delta=5)
    shop.buy("ann", "k1", {"7": 1})
    shop.read("7")
    shop.buy("ann", "k2", {"7": 9})
    change.answered_at, change.told = shop.now, dict(shop.read("7").told)
    assert shop.violations() == set()


def test_a_quantity_set_again_long_after_its_answer_is_found(shop):
    shop.set_item("7", quantity=100)
    shop.buy("ann", "k1", {"7": 5})
    shop.take_effect("7", {"quantity": 100})
    assert shop.violations() == {Kind.STOCK_NOT_CONSERVED}


@pytest.mark.parametrize("answered", [True, False])
def test_units_added_twice_are_found(shop, answered):
    shop.set_item("7", quantity_delta=20, answered=answered)
    shop.take_effect("7", {"quantity_delta": 20})
    assert shop.violations() == {Kind.STOCK_NOT_CONSERVED}


def test_units_of_a_change_without_an_answer_may_be_there_or_not(shop):
    shop.set_item("7", quantity_delta=20, answered=False)
    assert shop.violations() == set()
    shop.take_effect("7", {"quantity_delta": -20})
    assert shop.violations() == set()


def overwrite(shop, version, **fields):
    """A shop that ignores the precondition."""
    shop.set_item("7", **fields).asked["if_match"] = version


def test_a_write_over_a_version_that_was_known_is_found(shop):
    version = shop.versions["7"]
    shop.buy("ann", "k1", {"7": 1})
    shop.read("7")
    overwrite(shop, version, price_cents=400)
    assert shop.violations() == {Kind.OVERWRITTEN}


def test_a_write_over_a_version_that_is_seen_later_is_found(shop):
    version = shop.versions["7"]
    shop.buy("ann", "k1", {"7": 1})
    seen = shop.read("7")
    overwrite(shop, version, price_cents=400)
    seen.answered_at = shop.now
    assert shop.violations() == {Kind.OVERWRITTEN}


def test_two_writes_over_one_version_are_found(shop):
    version = shop.versions["7"]
    for price in (400, 300):
        overwrite(shop, version, price_cents=price)
    assert shop.violations() == {Kind.OVERWRITTEN}


def test_a_change_made_again_may_tell_a_later_version(shop):
    change = shop.set_item("7", price_cents=400, if_match=shop.versions["7"])
    shop.buy("ann", "k1", {"7": 1})
    change.answered_at, change.told["version"] = shop.now, shop.versions["7"]
    assert shop.violations() == set()


def test_a_rejected_precondition_changes_nothing(shop):
    shop.set_item("7", price_cents=1, if_match=99)
    assert shop.read("7").told["price_cents"] == 500
    assert shop.violations() == set()


def test_a_change_told_as_rejected_that_took_effect_is_found(shop):
    shop.set_item("7", price_cents=1, if_match=99)
    shop.take_effect("7", {"price_cents": 1})
    shop.read("7")
    assert shop.violations() == {Kind.STALE_READ}
