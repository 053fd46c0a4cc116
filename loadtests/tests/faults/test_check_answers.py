"""The checker finds every key whose first final answer did not stand, and leaves uncertain answers alone."""

import pytest
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop


@pytest.fixture
def shop():
    shop = ModelShop()
    shop.set_item("7", quantity=10, price_cents=500)
    shop.set_item("8", quantity=3, price_cents=200)
    return shop


def test_final_answers_may_have_uncertain_ones_between(shop):
    shop.buy("ann", "k1", {"8": 4}, answered=False)
    shop.buy("ann", "k1", {"8": 4})
    shop.set_item("8", quantity=10)
    shop.buy("ann", "k1", {"8": 4}).status = 503
    shop.buy("ann", "k1", {"8": 4})
    shop.buy("ann", "k2", {"8": 4}, answered=False)
    shop.buy("ann", "k2", {"8": 4})
    assert shop.violations() == set()


def test_a_rejection_forgotten_by_the_shop_is_found(shop):
    shop.buy("ann", "k1", {"8": 4})
    shop.rejections.clear()
    shop.set_item("8", quantity=10)
    shop.buy("ann", "k1", {"8": 4})
    assert Kind.REFUSED_ORDER_EXISTS in shop.violations()


def test_an_order_of_a_rejected_key_that_no_client_was_told_of_is_found(shop):
    shop.buy("ann", "k1", {"8": 4})
    shop.buy("ann", "k1", {"8": 4}, answered=False)
    shop.set_item("8", quantity=10)
    shop.write_down("late", "ann", {"8": 4})
    assert shop.violations() == {Kind.REFUSED_ORDER_EXISTS}


def test_a_confirmed_order_that_was_rejected_during_its_first_attempt_is_found(shop):
    first = shop.buy("ann", "k1", {"7": 1})
    second = shop.buy("ann", "k1", {"7": 1})
    second.invoked_at, second.answered_at = first.invoked_at + 0.1, first.answered_at - 0.1
    second.status, second.told = 409, {"reason": "CART_EMPTY"}
    assert shop.violations() == {Kind.REFUSED_ORDER_EXISTS}


def test_two_different_rejections_of_a_key_are_found(shop):
    shop.buy("ann", "k1", {"8": 4})
    shop.buy("ann", "k1", {"8": 4}).told = {"reason": "ITEM_NOT_FOUND"}
    assert shop.violations() == {Kind.CHANGED_ANSWER}


def test_an_order_given_to_a_key_with_another_body_is_found(shop):
    told = shop.buy("ann", "k1", {"7": 1}).told
    other = shop.buy("ann", "k1", {"7": 2})
    other.status, other.told = 200, told
    assert Kind.CHANGED_ANSWER in shop.violations()


@pytest.mark.parametrize("status", [401, 403, 429])
def test_errors_before_a_request_is_looked_at_are_not_final(shop, status):
    rejected = shop.buy("ann", "k1", {"7": 1})
    rejected.status, rejected.told = status, {}
    shop.buy("ann", "k1", {"7": 1})
    assert shop.violations() == set()
