"""Whatever is wrong with a request is told with the right status and the field named, and no tier is asked."""

import json
import uuid

import pytest

from .conftest import PASSWORD

KEY = {"Idempotency-Key": "key-1"}
MANY_DIGITS = 10**30


def fields_of(answer):
    return [error["field"] for error in answer.json()["errors"]]


def assert_names(answer, *fields):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == "INVALID_FIELD"
    assert fields_of(answer) == list(fields)
    for field in fields:
        assert field in answer.json()["detail"]


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


def test_a_keyword_is_named_by_its_place(seller, lamp):
    assert_names(seller.http.post("/v1/items", json=lamp | {"keywords": ["fine", "far too long"]}), "keywords.1")


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


@pytest.mark.parametrize("body", [b"{", b"", b"not json", b'{"username": "\xff"}', b"[" * 30_000, b'{"a":' * 5_000])
def test_an_unreadable_body_is_a_400_and_a_missing_one_is_named(http, body):
    answer = http.post("/v1/sessions", content=body, headers={"content-type": "application/json"})
    if body:
        assert (answer.status_code, answer.json()["reason"]) == (400, "UNREADABLE_JSON")
    else:
        assert_names(answer, "body")


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_refused(http, body):
    assert_names(http.post("/v1/sessions", content=body, headers={"content-type": "application/json"}), "body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_said_to_be_json_is_a_415(http, content_type):
    headers = {"content-type": content_type} if content_type else {}
    answer = http.post("/v1/sessions", content=b'{"username": "a", "password": "b"}', headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/cart/save"])
def test_a_body_of_a_mebibyte_is_too_large_told_beforehand_or_not(http, path):
    body = b'{"username": "' + b"x" * 2**20 + b'"}'
    headers = {"content-type": "application/json"}
    told = http.post(path, content=body, headers=headers)
    assert (told.status_code, told.json()["reason"]) == (413, "BODY_TOO_LARGE")


def test_a_chunked_body_is_too_large_as_soon_as_it_is(http):
    sent = []

    def chunks():
        for _ in range(20):
            sent.append(1)
            yield b" " * 8_192

    answer = http.post("/v1/sessions", content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (413, "BODY_TOO_LARGE")


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


def test_a_key_of_two_hundred_characters_is_passed_on(http, mesh):
    value = "~" + "x y" * 66 + "!"
    http.post("/books/1", headers={"Idempotency-Key": value})
    assert mesh.order.calls_of("PlaceOrder")[-1].request.request_id == value


def test_without_a_key_every_request_gets_its_own(http, mesh):
    for _ in range(2):
        http.post("/books/1")
    first, second = (call.request.request_id for call in mesh.order.calls_of("PlaceOrder"))
    assert first != second
    assert uuid.UUID(first).version == uuid.UUID(second).version == 4


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


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/items", "GET, POST"),
        ("DELETE", "/v1/items/1", "GET, PATCH"),
        ("GET", "/v1/sessions", "POST"),
        ("PUT", "/v1/cart", "DELETE, GET"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(http, method, path, allow):
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.json()["reason"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/items", "/v1/items/", "/v1/items/1/2/3", "/favicon.ico"])
def test_an_unknown_path_is_a_problem_too(http, path):
    answer = http.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (404, "ROUTE_NOT_FOUND")
    assert answer.headers["content-type"] == "application/problem+json"
