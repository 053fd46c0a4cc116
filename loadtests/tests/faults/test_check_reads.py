"""The checker finds reads that are older than the cache mode allows."""

import pytest
from loadtests.faults.history import Fault
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop


@pytest.fixture
def shop():
    shop = ModelShop()
    shop.set_item("7", quantity=10, price_cents=500)
    return shop


def test_fresh_reads_are_no_violation(shop):
    for price in (400, 300):
        shop.set_item("7", price_cents=price)
        shop.buy("ann", f"k{price}", {"7": 1})
        shop.read("7")
    assert shop.violations() == set()


@pytest.mark.parametrize(
    ("cache", "age_s", "found"),
    [
        ("off", 0.01, {Kind.STALE_READ}),
        ("shared", 0.01, {Kind.STALE_READ}),
        ("tiered", 1.4, set()),
        ("tiered", 1.6, {Kind.STALE_READ}),
    ],
)
def test_a_read_older_than_an_acknowledged_price_is_found(shop, cache, age_s, found):
    shop.history.cache = cache
    before = dict(shop.read("7").told)
    write = shop.set_item("7", price_cents=900)
    shop.now = write.answered_at + age_s
    shop.read("7").told = before
    assert shop.violations() == found


def test_a_read_that_overlaps_a_write_may_show_either(shop):
    before = dict(shop.read("7").told)
    write = shop.set_item("7", price_cents=900)
    read = shop.read("7")
    read.told, read.invoked_at = before, write.invoked_at
    assert shop.violations() == set()


@pytest.mark.parametrize("cache", ["shared", "tiered"])
def test_units_shown_after_they_were_sold_are_found(shop, cache):
    shop.history.cache = cache
    before = dict(shop.read("7").told)
    shop.buy("ann", "k1", {"7": 4})
    shop.now += 2.0
    shop.read("7").told = before
    assert shop.violations() == {Kind.STALE_READ}


@pytest.mark.parametrize(("during_fault", "found"), [(False, {Kind.STALE_READ}), (True, set())])
def test_many_stale_reads_while_nothing_is_broken_are_found(shop, during_fault, found):
    shop.history.cache = "tiered"
    before = dict(shop.read("7").told)
    if during_fault:
        shop.history.faults.append(Fault("cache paused", 0.0))
    write = shop.set_item("7", price_cents=900)
    for number in range(300):
        read = shop.read("7")
        if number < 6:
            read.told, read.invoked_at = before, write.answered_at + 0.1
    assert shop.violations() == found
