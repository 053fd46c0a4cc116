"""The checker finds orders that a fault of another item held up, by comparison with the same run without it."""

import pytest
from loadtests.faults.history import Fault
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop

ORDERS = 250


@pytest.fixture
def shop():
    shop = ModelShop()
    for item_id in ("7", "8"):
        shop.set_item(item_id, quantity=10_000, price_cents=500)
    return shop


def buy_many(shop, item_id, seconds, orders=ORDERS):
    for _ in range(orders):
        attempt = shop.buy("ann", f"k{shop.now}", {item_id: 1})
        attempt.answered_at = attempt.invoked_at + seconds


def lock(shop, item_id):
    shop.history.faults.append(Fault(f"item {item_id} is locked", shop.now, item_ids=(item_id,)))


@pytest.mark.parametrize(
    ("seconds", "found"), [(0.2, set()), (0.39, set()), (0.41, {Kind.SLOWED}), (0.9, {Kind.SLOWED})]
)
def test_other_items_may_take_twice_as_long_at_most(shop, seconds, found):
    buy_many(shop, "8", 0.2)
    lock(shop, "7")
    buy_many(shop, "8", seconds)
    buy_many(shop, "7", 0.99)
    assert shop.violations() == found


def test_orders_without_an_answer_count_as_endless(shop):
    buy_many(shop, "8", 0.2)
    lock(shop, "7")
    buy_many(shop, "8", 0.2)
    for attempt in shop.history.attempts[-3:]:
        attempt.status = 504
    assert shop.violations() == {Kind.SLOWED}


@pytest.mark.parametrize(("orders", "slow", "found"), [(20, 11, {Kind.SLOWED}), (20, 9, set()), (5, 5, set())])
def test_of_few_orders_the_median_decides(shop, orders, slow, found):
    buy_many(shop, "8", 0.2)
    lock(shop, "7")
    buy_many(shop, "8", 0.9, orders=slow)
    buy_many(shop, "8", 0.2, orders=orders - slow)
    assert shop.violations() == found


def test_a_run_without_usual_orders_decides_nothing(shop):
    buy_many(shop, "8", 0.2, orders=5)
    lock(shop, "7")
    buy_many(shop, "8", 0.9)
    assert shop.violations() == set()
