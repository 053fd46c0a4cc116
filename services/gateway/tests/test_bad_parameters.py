"""Paths, methods, query parameters and keys that cannot be right."""

import uuid

import pytest

from .problem_assertions import assert_names, fields_of

MANY_DIGITS = 10**30


def test_a_keyword_is_named_by_its_place(seller, lamp):
    assert_names(seller.http.post("/v1/items", json=lamp | {"keywords": ["fine", "far too long"]}), "keywords.1")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=501", "page_size"),
        ("page_size=5.0", "page_size"),
        ("page_size=1_0", "page_size"),
        ("page_size=%2B5", "page_size"),
        ("page_size=", "page_size"),
        (f"page_size={MANY_DIGITS}", "page_size"),
        ("category=-1", "category"),
        ("category=1000", "category"),
        ("keyword=" + "&keyword=".join("abcdef"), "keyword"),
        ("keyword=waytoolong", "keyword.0"),
        ("q=%00", "q"),
        ("q=" + "x" * 201, "q"),
        ("topic=" + "x" * 101, "topic"),
        ("page_token=" + "x" * 513, "page_token"),
        ("page_token=forged", "page_token"),
        ("keywords=red", "keywords"),
    ],
)
def test_a_wrong_search_parameter_is_named(http, query, field):
    answer = http.get(f"/v1/items?{query}")
    assert answer.status_code == 422, answer.text
    assert fields_of(answer) == [field]


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/sellers/me/items", "/books"])
def test_unknown_parameters_of_lists_are_named(http, buyer, seller, path):
    visitor = seller if "sellers" in path else buyer
    assert_names(visitor.http.get(path, params={"limit": 5}), "limit")


def test_a_misspelt_quantity_does_not_remove_the_whole_line(buyer, item):
    buyer.http.post("/v1/cart/items", json={"item_id": item["item_id"], "quantity": 2})
    assert_names(buyer.http.delete(f"/v1/cart/items/{item['item_id']}", params={"qty": 1}), "qty")
    assert_names(buyer.http.delete(f"/v1/cart/items/{item['item_id']}", params={"quantity": 0}), "quantity")


@pytest.mark.parametrize("item_id", ["%00", "x" * 65, "%0A"])
def test_an_impossible_item_id_is_named(http, item_id):
    assert_names(http.get(f"/v1/items/{item_id}"), "item_id")


@pytest.mark.parametrize("number", ["abc", "1.5", "-1", "9" * 40, "%00"])
def test_an_impossible_book_number_is_named(http, number):
    assert_names(http.get(f"/books/{number}"), "id")


@pytest.mark.parametrize("item_id", ["garbage", "../../etc/passwd", "'; DROP TABLE items", "ß", "1 OR 1=1"])
def test_a_garbage_id_is_unknown_and_nothing_worse(http, item_id):
    answer = http.get("/v1/items/" + item_id.replace("/", "%2F"))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("value", [None, "", "x" * 201, "tab\there", "é"])
def test_an_order_needs_a_key_of_printable_ascii(buyer, mesh, value):
    headers = {} if value is None else {"Idempotency-Key": value.encode()}
    answer = buyer.http.post("/v1/orders", json={}, headers=headers)
    assert_names(answer, "Idempotency-Key")
    assert not mesh.order.calls


@pytest.mark.parametrize("value", ["", "x" * 201, "é"])
def test_an_optional_key_must_be_well_formed_too(http, seller, lamp, value):
    headers = {"Idempotency-Key": value.encode()}
    assert_names(seller.http.post("/v1/items", json=lamp, headers=headers), "Idempotency-Key")
    assert_names(http.post("/books/1", headers=headers), "Idempotency-Key")


def test_keys_of_two_hundred_characters_are_told_apart(http, mesh):
    for end in ("!", "?", "!"):
        assert http.post("/books/1", headers={"Idempotency-Key": "~" + "x y" * 66 + end}).status_code == 200
    ids = [call.request.request_id for call in mesh.order.calls_of("PlaceOrder")]
    assert ids[0] == ids[2] != ids[1]


def test_without_a_key_every_request_gets_its_own(http, mesh):
    for _ in range(2):
        http.post("/books/1")
    first, second = (call.request.request_id for call in mesh.order.calls_of("PlaceOrder"))
    assert first != second
    assert uuid.UUID(first).version == uuid.UUID(second).version == 4


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/items", "GET, HEAD, POST"),
        ("DELETE", "/v1/items/1", "GET, HEAD, PATCH"),
        ("GET", "/v1/sessions", "POST"),
        ("PUT", "/v1/cart", "DELETE, GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(http, method, path, allow):
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.json()["reason"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", ["/v1", "/v2/items", "/v1/items/", "/v1/items/1/2/3", "/favicon.ico"])
def test_an_unknown_path_is_a_problem_too(http, path):
    answer = http.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (404, "ROUTE_NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"
