"""A shop that keeps its promises has no violations, whatever is asked and whichever answers are lost; breaches show."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from loadtests.faults.violation import Kind
from loadtests.tests.faults.model_shop import ModelShop

ITEMS = ("7", "8", "9")
buyers = st.sampled_from(["ann", "bob"])
keys = st.sampled_from(["k1", "k2", "k3", "k4"])
lines = st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 3), min_size=1, max_size=2)
PURCHASE = (("restock", "7", 20, True), ("buy", "ann", "key of this purchase", {"7": 1}, True))
CHANGES = {
    "reprice": lambda value: {"price_cents": value},
    "restock": lambda value: {"quantity": value},
    "add_units": lambda value: {"quantity_delta": value},
    "expect": lambda value: {"price_cents": 7, "if_match": value},
}
certain = st.just(True)


def _steps(answered: st.SearchStrategy[bool], restocked: st.SearchStrategy[bool]) -> st.SearchStrategy[tuple]:
    return st.one_of(
        st.tuples(st.just("buy"), buyers, keys, lines, answered),
        st.tuples(st.just("add_to_cart"), buyers, st.sampled_from(ITEMS), st.integers(1, 3), answered),
        st.tuples(st.just("buy_cart"), buyers, st.sampled_from(["c1", "c2"]), answered),
        st.tuples(st.just("reprice"), st.sampled_from(ITEMS), st.integers(1, 999), answered),
        st.tuples(st.just("restock"), st.sampled_from(ITEMS), st.integers(0, 20), restocked),
        st.tuples(st.just("add_units"), st.sampled_from(ITEMS), st.integers(1, 9), restocked),
        st.tuples(st.just("expect"), st.sampled_from(ITEMS), st.integers(1, 9), answered),
        st.tuples(st.just("read"), st.sampled_from(ITEMS)),
    )


def _tell(script: list[tuple]) -> ModelShop:
    shop = ModelShop()
    for item_id in ITEMS:
        shop.set_item(item_id, quantity=6, price_cents=100)
    for name, *arguments in script:
        _take_step(shop, name, arguments)
    return shop


def _take_step(shop: ModelShop, name: str, arguments: list) -> None:
    """The last argument of most steps says whether an answer came."""
    if name in CHANGES:
        item_id, value, answered = arguments
        shop.set_item(item_id, answered=answered, **CHANGES[name](value))
    elif name in {"ask_in_vain", "read"}:
        getattr(shop, name)(*arguments)
    else:
        *asked, answered = arguments
        getattr(shop, name)(*asked, answered=answered)


def _acknowledged(shop: ModelShop) -> list[str]:
    told = {attempt.told.get("order_id") for attempt in shop.history.attempts}
    return sorted(order_id for order_id in shop.orders if order_id in told)


in_vain = st.tuples(st.just("ask_in_vain"), buyers, keys, lines)
steps = _steps(st.booleans(), st.booleans()) | in_vain
stories = st.lists(steps, max_size=25).map(_tell)
stories_without_doubt = st.lists(_steps(certain, certain), max_size=25).map(_tell)
# A setting nobody confirmed may come into force late, and then explains any stock.
stories_of_known_stock = st.lists(_steps(st.booleans(), certain) | in_vain, max_size=25).map(_tell)
stories_of_a_purchase = st.builds(
    lambda before, after: _tell([*before, *PURCHASE, *after]),
    st.lists(steps, max_size=12),
    st.lists(steps, max_size=12),
)


@given(stories)
def test_a_shop_that_keeps_its_promises_has_no_violations(shop):
    assert shop.violations() == set()


@given(stories_of_a_purchase, st.data())
def test_a_lost_acknowledged_order_is_found(shop, data):
    del shop.orders[data.draw(st.sampled_from(_acknowledged(shop)))]
    assert Kind.LOST_ORDER in shop.violations()


@given(stories_of_a_purchase, st.data())
def test_a_changed_price_of_an_acknowledged_order_is_found(shop, data):
    order_id = data.draw(st.sampled_from(_acknowledged(shop)))
    order = shop.orders[order_id]
    first, *rest = order.lines
    dearer = (replace(first, price_cents=first.price_cents + 1), *rest)
    shop.orders[order_id] = replace(order, lines=dearer, total_cents=order.total_cents + first.quantity)
    assert Kind.CHANGED_PRICE in shop.violations()


@given(stories_of_known_stock, st.sampled_from(ITEMS), st.integers(1, 5))
def test_units_added_twice_are_found(shop, item_id, units):
    shop.set_item(item_id, quantity=5)
    shop.set_item(item_id, quantity_delta=units)
    shop.take_effect(item_id, {"quantity_delta": units})
    assert Kind.STOCK_NOT_CONSERVED in shop.violations()


@given(stories, st.sampled_from(ITEMS))
def test_a_read_from_before_a_write_is_found(shop, item_id):
    before = dict(shop.read(item_id).told)
    shop.set_item(item_id, price_cents=1)
    shop.read(item_id).told = before
    assert Kind.STALE_READ in shop.violations()


@given(stories_without_doubt, buyers, lines)
def test_an_order_of_nobody_is_found(shop, buyer, ordered):
    shop.write_down("ghost", buyer, ordered)
    assert shop.violations() & {Kind.UNASKED_ORDER, Kind.DOUBLED_ORDER, Kind.REFUSED_ORDER_EXISTS}


@given(stories_of_known_stock, st.sampled_from(ITEMS), st.integers(1, 5))
def test_units_from_nowhere_are_found(shop, item_id, units):
    shop.set_item(item_id, quantity=5)
    shop.items[item_id] = replace(shop.items[item_id], quantity=5 + units)
    assert Kind.STOCK_NOT_CONSERVED in shop.violations()


@given(stories_without_doubt, buyers, st.sampled_from(ITEMS))
def test_units_from_nowhere_in_a_cart_are_found(shop, buyer, item_id):
    cart = shop.carts.setdefault(buyer, {})
    shop.add_to_cart(buyer, item_id, 1)
    cart[item_id] += 1
    assert Kind.WRONG_CART in shop.violations()
