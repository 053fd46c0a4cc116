"""A wrong field is told with a 422 that names it, and no service is asked."""

import json

import pytest

from .conftest import PASSWORD
from .problem_assertions import assert_names

KEY = {"Idempotency-Key": "key-1"}
MANY_DIGITS = 10**30


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 33),
        ("name", "nul\0byte"),
        ("name", None),
        ("name", 5),
        ("category", -1),
        ("category", 1000),
        ("category", MANY_DIGITS),
        ("category", "3"),
        ("category", 3.0),
        ("category", True),
        ("keywords", "red"),
        ("keywords", ["a", "b", "c", "d", "e", "f"]),
        ("condition", "broken"),
        ("price_cents", -1),
        ("price_cents", MANY_DIGITS),
        ("price_cents", 19.99),
        ("quantity", 1_000_001),
        ("quantity", "many"),
        ("currency", "usd"),
        ("currency", "EURO"),
    ],
)
def test_a_wrong_field_of_an_item_is_named(seller, mesh, lamp, field, value):
    assert_names(seller.http.post("/v1/items", json=lamp | {field: value}), field)
    assert not mesh.catalog.calls


def test_missing_and_unknown_fields_are_named_together(seller, lamp):
    del lamp["name"]
    assert_names(seller.http.post("/v1/items", json=lamp | {"colour": "red"}), "name", "colour")


def test_half_a_surrogate_pair_is_refused_wherever_it_stands(seller, lamp):
    json_type = {"content-type": "application/json"}
    in_value = json.dumps(lamp | {"name": "\ud800"})
    assert_names(seller.http.post("/v1/items", content=in_value, headers=json_type), "name")
    in_name = json.dumps(lamp | {"\ud800": 1})
    assert_names(seller.http.post("/v1/items", content=in_name, headers=json_type), "body")


def test_a_rejected_password_is_never_told(http):
    body = {"username": "ann", "password": "Hunter2", "role": "king"}
    answer = http.post("/v1/accounts", json=body)
    assert_names(answer, "password", "role")
    assert "Hunter2" not in answer.text
    answer = http.post("/v1/accounts", json={"username": "ann", "password": PASSWORD, "rôle": "Hunter2"})
    assert_names(answer, "role", "rôle")
    assert "Hunter2" not in answer.text


@pytest.mark.parametrize("name", ["", "x" * 65, "new\nline", 7])
def test_a_wrong_username_is_named(http, name):
    assert_names(http.post("/v1/accounts", json={"username": name, "password": PASSWORD, "role": "buyer"}), "username")


def test_thousands_of_unknown_fields_get_a_short_answer(http):
    answer = http.post("/v1/sessions", json={"f" * 20 + str(number): 1 for number in range(2000)})
    assert answer.status_code == 422
    assert len(answer.content) < 8_000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price_cents": 1, "name": "new"}, "name"),
        ({"quantity": -1}, "quantity"),
        ({"price_cents": "1"}, "price_cents"),
        ({"price_cents": MANY_DIGITS}, "price_cents"),
    ],
)
def test_a_wrong_change_is_named_and_not_made(seller, mesh, item, change, field):
    assert_names(seller.http.patch(f"/v1/items/{item['item_id']}", json=change), field)
    assert not mesh.catalog.calls_of("UpdateItem")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"item_id": "8", "quantity": 1}] * 101}, "lines"),
        ({"lines": [{"item_id": "8", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"item_id": "8", "quantity": 1_000_001}]}, "lines.0.quantity"),
        ({"lines": [{"item_id": "8"}]}, "lines.0.quantity"),
        ({"lines": [{"item_id": 8, "quantity": 1}]}, "lines.0.item_id"),
        ({"lines": [{"item_id": "8", "quantity": 1, "price_cents": 1}]}, "lines.0.price_cents"),
        ({"total_cents": 1}, "total_cents"),
    ],
)
def test_a_wrong_order_is_named_and_not_placed(buyer, mesh, body, field):
    assert_names(buyer.http.post("/v1/orders", json=body, headers=KEY), field)
    assert not mesh.order.calls


@pytest.mark.parametrize("vote", ["sideways", None, 1])
def test_a_wrong_vote_is_named(buyer, vote):
    assert_names(buyer.http.post("/v1/items/1/feedback", json={"vote": vote}), "vote")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cost": -1}, "cost"),
        ({"cost": "30"}, "cost"),
        ({"count": 1.5}, "count"),
        ({"title": "x"}, "title"),
    ],
)
def test_a_wrong_book_is_named(http, change, field):
    answer = http.patch("/books/1", json=change, headers={"authorization": "Bearer operators-only"})
    assert_names(answer, field)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400"])
def test_a_number_that_is_none_is_no_cost(http, number):
    headers = {"authorization": "Bearer operators-only", "content-type": "application/json"}
    assert_names(http.patch("/books/1", content=f'{{"cost": {number}}}', headers=headers), "cost")
