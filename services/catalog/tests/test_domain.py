"""What may be said of items, each refusal naming its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.domain import MAX_ITEM_ID, Condition, NewItem, folded, item_id_of
from catalog.search import SearchFilters
from catalog.stock import StockRequest
from chassis.errors import InvalidField

ITEM = {
    "seller_id": "seller-1",
    "request_id": "request-1",
    "name": "Red lamp",
    "category": 3,
    "keywords": ("red", "lamp"),
    "condition": Condition.NEW,
    "price_cents": 1250,
    "currency": "USD",
    "quantity": 10,
}
ORDER_ID = "6a5fa0a7-93ef-44e0-8a7e-6f6b1a7a63f8"


@pytest.mark.parametrize(
    "allowed",
    [
        {"name": "x"},
        {"name": "x" * 32},
        {"name": "Ärmel 🧥"},
        {"category": 0},
        {"category": 999},
        {"keywords": ()},
        {"keywords": ("12345678",) * 5},
        {"price_cents": 0},
        {"price_cents": 1_000_000_000},
        {"currency": "EUR"},
        {"quantity": 0},
        {"quantity": 1_000_000},
        {"request_id": "x" * 200},
    ],
)
def test_the_limits_themselves_are_allowed(allowed):
    NewItem(**{**ITEM, **allowed})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 33),
        ("name", "   "),
        ("name", "a\0b"),
        ("name", "a\nb"),
        ("name", "\ud800"),
        ("category", -1),
        ("category", 1000),
        ("keywords", ("a", "b", "c", "d", "e", "f")),
        ("keywords", ("123456789",)),
        ("keywords", ("",)),
        ("keywords", ("ok", "a\0")),
        ("price_cents", -1),
        ("price_cents", 1_000_000_001),
        ("currency", ""),
        ("currency", "usd"),
        ("currency", "USDT"),
        ("currency", "USD\n"),
        ("quantity", -1),
        ("quantity", 1_000_001),
        ("request_id", ""),
        ("request_id", "x" * 201),
        ("request_id", "a\0b"),
    ],
)
def test_what_is_not_allowed_is_named(field, value):
    with pytest.raises(InvalidField) as refused:
        NewItem(**{**ITEM, field: value})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"category": -1}, "category"),
        ({"category": 1000}, "category"),
        ({"keywords": ("a",) * 6}, "keyword"),
        ({"keywords": ("123456789",)}, "keyword"),
        ({"topic": "x" * 201}, "topic"),
        ({"topic": " "}, "topic"),
        ({"text": "x" * 201}, "q"),
        ({"text": "a\0b"}, "q"),
    ],
)
def test_a_search_filter_that_is_not_allowed_is_named_as_its_caller_knows_it(filters, field):
    with pytest.raises(InvalidField) as refused:
        SearchFilters(**filters)
    assert refused.value.field == field


def test_a_search_without_filters_is_allowed():
    SearchFilters()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lines": dict.fromkeys(range(101), 1)}, "lines"),
        ({"lines": {1: 0}}, "quantity"),
        ({"lines": {1: -5}}, "quantity"),
        ({"lines": {1: 1_000_001}}, "quantity"),
        ({"memo": b"x" * 1025}, "memo"),
    ],
)
def test_a_stock_request_that_is_not_allowed_is_named(changed, field):
    with pytest.raises(InvalidField) as refused:
        StockRequest(**{"order_id": ORDER_ID, "lines": {1: 1}, "memo": b"", **changed})
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["", "0x1", "01", "-1", "+1", "1e3", "1.0", " 1", "1 ", "1_0", "٣", "²", "a", "\0"])
def test_text_that_was_never_an_item_id_is_none(text):
    assert item_id_of(text) is None


@pytest.mark.parametrize("text", [str(MAX_ITEM_ID + 1), "9" * 400])
def test_a_number_that_no_row_can_have_is_none(text):
    assert item_id_of(text) is None


@given(st.integers(0, MAX_ITEM_ID))
def test_an_item_id_is_its_number_and_back(number):
    assert item_id_of(str(number)) == number


@given(st.text())
def test_an_item_id_has_one_spelling(text):
    number = item_id_of(text)
    assert number is None or str(number) == text


@given(st.lists(st.text(min_size=1, max_size=8)))
def test_folded_keywords_know_no_case_and_no_repetition(keywords):
    once = folded(tuple(keywords))
    assert once == folded((*once, *keywords))
    assert folded(tuple(keyword.upper() for keyword in once)) == folded(tuple(keyword.upper() for keyword in keywords))
    assert len(set(once)) == len(once)
