"""Orders and carts without a store."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidField
from order.domain import (
    MAX_UNITS,
    Cart,
    CartLine,
    Memo,
    check_item_id,
    check_quantity,
    check_request_id,
    digest_of,
    merge_lines,
    order_id_of,
)

item_ids = st.integers(1, 40).map(str)
pairs = st.lists(st.tuples(item_ids, st.integers(1, 1_000)), max_size=60)


@given(pairs)
def test_merged_lines_hold_the_same_units_once_an_item(lines):
    merged = merge_lines(lines)
    assert sum(merged.values()) == sum(quantity for _, quantity in lines)
    assert merged == {wanted: sum(units for item_id, units in lines if item_id == wanted) for wanted in merged}


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([("1", 0)], "quantity"),
        ([("1", -1)], "quantity"),
        ([("1", 1_000_001)], "quantity"),
        ([("1", 1_000_000), ("1", 1)], "quantity"),
        ([("", 1)], "item_id"),
        ([("x" * 65, 1)], "item_id"),
        ([("a\0", 1)], "item_id"),
        ([(str(number), 1) for number in range(101)], "lines"),
    ],
)
def test_lines_that_are_not_allowed_are_named(lines, field):
    with pytest.raises(InvalidField) as refused:
        merge_lines(lines)
    assert refused.value.field == field


def test_the_limits_themselves_are_allowed():
    assert len(merge_lines((str(number), MAX_UNITS // 100) for number in range(100))) == 100
    assert merge_lines([("1", 1_000_000)]) == {"1": 1_000_000}
    check_quantity(1)
    check_item_id("x" * 64)
    check_request_id("x" * 200)


@pytest.mark.parametrize("request_id", ["", "x" * 201, "a\nb", "a\0b", "\ud800"])
def test_a_request_id_that_is_not_allowed_is_named(request_id):
    with pytest.raises(InvalidField) as refused:
        check_request_id(request_id)
    assert refused.value.field == "request_id"


@given(pairs, st.randoms())
def test_the_digest_knows_the_lines_and_not_their_order(lines, dice):
    shuffled = list(lines)
    dice.shuffle(shuffled)
    assert digest_of(merge_lines(shuffled)) == digest_of(merge_lines(lines))


@given(pairs, pairs)
def test_different_lines_have_different_digests(lines, others):
    one, other = merge_lines(lines), merge_lines(others)
    assert (digest_of(one) == digest_of(other)) is (one == other)


@given(pairs)
def test_no_lines_have_the_digest_of_a_cart(lines):
    assert digest_of(merge_lines(lines)) != digest_of(None)


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_each_key_of_each_buyer_is_an_order_of_its_own(one, other):
    clean = [tuple(text.replace("\0", "").encode("utf-8", "ignore").decode() for text in pair) for pair in (one, other)]
    assert (order_id_of(*clean[0]) == order_id_of(*clean[1])) is (clean[0] == clean[1])


@given(st.text(max_size=100), st.binary(min_size=32, max_size=32), st.sampled_from([None, uuid4()]))
def test_a_memo_comes_back_as_it_was(buyer_id, digest, session_id):
    memo = Memo(buyer_id, digest, session_id)
    assert Memo.from_bytes(memo.to_bytes()) == memo


def test_the_memo_of_an_account_fits_what_the_catalog_keeps():
    assert len(Memo(str(uuid4()), b"\xff" * 32, uuid4()).to_bytes()) <= 1024


def test_the_total_of_a_cart_is_the_sum_of_its_lines():
    lines = (CartLine("1", 3, "Lamp", 250, "USD"), CartLine("2", 1, "Chair", 1_000_000_000, "USD"))
    assert Cart(lines).total_cents == 1_000_000_750
    assert Cart(()).total_cents == 0
