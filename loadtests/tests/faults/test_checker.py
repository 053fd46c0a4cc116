"""The checker finds nothing in a shop that keeps its promises, and every kind of promise that is broken."""

from dataclasses import replace

import pytest
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop


@pytest.fixture
def shop():
    shop = ModelShop()
    shop.set_item("7", quantity=10, price_cents=500)
    shop.set_item("8", quantity=3, price_cents=200)
    return shop


def test_a_shop_that_keeps_its_promises_has_no_violations(shop):
    shop.buy("ann", "k1", {"7": 2, "8": 1})
    shop.buy("ann", "k1", {"7": 2, "8": 1})
    shop.buy("bob", "k1", {"8": 2}, answered=False)
    shop.buy("bob", "k2", {"8": 1})
    shop.add_to_cart("ann", "7", 2)
    shop.buy_cart("ann", "k2")
    shop.set_item("7", quantity=40, price_cents=600)
    shop.buy("bob", "k3", {"7": 1})
    assert shop.violations() == set()


def test_more_sold_than_there_was(shop):
    for number in range(4):
        shop.buy("ann", f"k{number}", {"8": 1})
        shop.items["8"] = replace(shop.items["8"], quantity=3)
    shop.items["8"] = replace(shop.items["8"], quantity=0)
    assert shop.violations() == {Kind.OVERSOLD}


def test_a_negative_stock(shop):
    shop.items["8"] = replace(shop.items["8"], quantity=-1)
    assert shop.violations() == {Kind.OVERSOLD}


def test_an_acknowledged_order_that_is_gone(shop):
    order_id = shop.buy("ann", "k1", {"7": 2}).told["order_id"]
    del shop.orders[order_id]
    assert Kind.LOST_ORDER in shop.violations()


def test_two_keys_answered_with_one_order(shop):
    told = shop.buy("ann", "k1", {"7": 1}).told
    shop.buy("ann", "k2", {"7": 1}).told = told
    assert Kind.LOST_ORDER in shop.violations()


def test_an_order_given_to_somebody_else(shop):
    order_id = shop.buy("ann", "k1", {"7": 1}).told["order_id"]
    shop.orders[order_id] = replace(shop.orders[order_id], buyer="bob")
    assert Kind.LOST_ORDER in shop.violations()


def test_stock_settled_for_an_order_that_was_never_recorded(shop):
    order_id = shop.buy("ann", "k1", {"7": 1}, answered=False).told.get("order_id", "order-0")
    del shop.orders[order_id]
    assert Kind.LOST_ORDER in shop.violations()


def test_one_key_answered_with_two_orders(shop):
    shop.buy("ann", "k1", {"7": 1})
    shop.order_ids.clear()
    shop.buy("ann", "k1", {"7": 1})
    assert shop.violations() == {Kind.DOUBLED_ORDER}


def test_a_second_order_for_a_key_that_nobody_was_told_of(shop):
    shop.buy("ann", "k1", {"7": 1})
    shop.write_down("twin", "ann", {"7": 1})
    assert shop.violations() == {Kind.DOUBLED_ORDER}


def test_an_unanswered_key_explains_one_order_only(shop):
    shop.buy("ann", "k1", {"7": 1}, answered=False)
    assert shop.violations() == set()
    shop.write_down("twin", "ann", {"7": 1})
    assert shop.violations() == {Kind.DOUBLED_ORDER}


def test_an_unanswered_cart_explains_an_order_of_any_lines(shop):
    shop.add_to_cart("ann", "7", 3)
    shop.buy_cart("ann", "k1", answered=False)
    assert shop.violations() == set()


def test_an_order_nobody_asked_for(shop):
    shop.write_down("ghost", "zoe", {"7": 1})
    assert shop.violations() == {Kind.UNASKED_ORDER}


def test_a_refused_order_that_exists(shop):
    shop.buy("ann", "k1", {"8": 4})
    shop.set_item("8", quantity=10)
    shop.write_down("ghost", "ann", {"8": 4})
    assert shop.violations() == {Kind.REFUSED_ORDER_EXISTS}


def test_a_confirmed_order_that_is_refused_when_asked_for_again(shop):
    shop.buy("ann", "k1", {"7": 1})
    shop.buy("ann", "k1", {"7": 1}).status = 409
    assert shop.violations() == {Kind.REFUSED_ORDER_EXISTS}


def test_a_key_used_again_for_something_else_may_be_refused(shop):
    shop.buy("ann", "k1", {"7": 1})
    other = shop.buy("ann", "k1", {"7": 1})
    other.asked, other.status, other.told = {"lines": {"8": 1}}, 422, {"reason": "IDEMPOTENCY_KEY_REUSED"}
    assert shop.violations() == set()


def test_a_price_that_was_over_when_the_order_was_placed(shop):
    shop.set_item("7", price_cents=900)
    order_id = shop.buy("ann", "k1", {"7": 1}, answered=True).told["order_id"]
    stale = (replace(shop.orders[order_id].lines[0], price_cents=500),)
    shop.orders[order_id] = replace(shop.orders[order_id], lines=stale, total_cents=500)
    shop.reservations[order_id] = replace(shop.reservations[order_id], lines=stale)
    shop.history.attempts[-1].told |= {
        "lines": [{"item_id": "7", "quantity": 1, "price_cents": 500}],
        "total_cents": 500,
    }
    assert shop.violations() == {Kind.CHANGED_PRICE}


def test_either_price_holds_while_it_is_being_changed(shop):
    order_id = shop.buy("ann", "k1", {"7": 1}).told["order_id"]
    change = shop.set_item("7", price_cents=900)
    change.invoked_at = shop.history.attempts[-2].invoked_at
    assert shop.orders[order_id].lines[0].price_cents == 500
    assert shop.violations() == set()


@pytest.mark.parametrize("field", ["total_cents", "lines"])
def test_an_order_told_differently_the_second_time(shop, field):
    shop.buy("ann", "k1", {"7": 1})
    again = shop.buy("ann", "k1", {"7": 1})
    lines = [{"item_id": "7", "quantity": 1, "price_cents": 1}]
    again.told = again.told | {field: 1 if field == "total_cents" else lines}
    assert shop.violations() == {Kind.CHANGED_PRICE}


def test_an_order_recorded_at_another_price_than_was_reserved(shop):
    order_id = shop.buy("ann", "k1", {"7": 1}, answered=False).told.get("order_id", "order-0")
    dearer = (replace(shop.orders[order_id].lines[0], price_cents=501),)
    shop.orders[order_id] = replace(shop.orders[order_id], lines=dearer, total_cents=501)
    assert shop.violations() == {Kind.CHANGED_PRICE}


def test_a_total_that_is_not_that_of_the_lines(shop):
    order_id = shop.buy("ann", "k1", {"7": 2}).told["order_id"]
    shop.orders[order_id] = replace(shop.orders[order_id], total_cents=999)
    assert shop.violations() == {Kind.CHANGED_PRICE}


def test_other_units_than_were_asked_for(shop):
    shop.buy("ann", "k1", {"7": 2}).asked = {"lines": {"7": 1}}
    assert shop.violations() == {Kind.CHANGED_LINES}


@pytest.mark.parametrize("difference", [1, -1])
def test_stock_that_is_not_conserved(shop, difference):
    shop.buy("ann", "k1", {"7": 2})
    shop.items["7"] = replace(shop.items["7"], quantity=shop.items["7"].quantity + difference)
    assert shop.violations() == {Kind.STOCK_NOT_CONSERVED}


def test_stock_is_counted_from_the_last_time_it_was_set(shop):
    shop.buy("ann", "k1", {"7": 2})
    shop.set_item("7", quantity=100)
    shop.buy("ann", "k2", {"7": 3})
    assert shop.violations() == set()
    shop.items["7"] = replace(shop.items["7"], quantity=98)
    assert shop.violations() == {Kind.STOCK_NOT_CONSERVED}


def test_a_sale_while_stock_is_set_may_count_or_not(shop):
    sale = shop.buy("ann", "k1", {"7": 2})
    restock = shop.set_item("7", quantity=100)
    restock.invoked_at = sale.invoked_at
    assert shop.violations() == set()
    shop.items["7"] = replace(shop.items["7"], quantity=98)
    assert shop.violations() == set()
    shop.items["7"] = replace(shop.items["7"], quantity=97)
    assert shop.violations() == {Kind.STOCK_NOT_CONSERVED}


@pytest.mark.parametrize(("age_s", "found"), [(29, set()), (31, {Kind.UNDECIDED})])
def test_an_order_may_be_undecided_for_thirty_seconds(shop, age_s, found):
    shop.buy("ann", "k1", {"7": 1}, answered=False)
    shop.reservations["order-0"] = replace(shop.reservations["order-0"], is_settled=False)
    del shop.orders["order-0"]
    shop.now = shop.reservations["order-0"].created_at + age_s
    assert shop.violations() == found


def test_a_line_lost_from_a_cart(shop):
    shop.add_to_cart("ann", "7", 1)
    shop.add_to_cart("ann", "7", 2)
    shop.carts["ann"]["7"] = 2
    assert shop.violations() == {Kind.WRONG_CART}


def test_a_cart_that_keeps_what_was_bought(shop):
    shop.add_to_cart("ann", "7", 1)
    shop.buy_cart("ann", "k1")
    shop.carts["ann"]["7"] = 1
    assert shop.violations() == {Kind.WRONG_CART}


def test_a_cart_bought_under_two_keys(shop):
    shop.add_to_cart("ann", "7", 1)
    first = shop.carts["ann"]
    shop.buy_cart("ann", "k1")
    shop.carts["ann"] = first
    shop.buy_cart("ann", "k2")
    assert shop.violations() == {Kind.DOUBLED_ORDER}


def test_an_unanswered_addition_may_be_in_the_cart_or_not(shop):
    shop.add_to_cart("ann", "7", 1)
    shop.add_to_cart("ann", "7", 2, answered=False)
    assert shop.violations() == set()
    shop.carts["ann"]["7"] = 1
    assert shop.violations() == set()
    shop.carts["ann"]["7"] = 2 + 2
    assert shop.violations() == {Kind.WRONG_CART}


def test_one_addition_under_one_key_counts_once(shop):
    first = shop.add_to_cart("ann", "7", 1)
    again = shop.add_to_cart("ann", "7", 1)
    again.key = first.key
    shop.carts["ann"]["7"] = 1
    assert shop.violations() == set()
