"""The bookstore of the seeds."""

import uuid

import pytest

from chassis.errors import FailedPrecondition

from .stand_in_mesh import OPERATOR_TOKEN, running_gateway

OPERATOR = {"authorization": f"Bearer {OPERATOR_TOKEN}"}


def test_books_are_listed_by_topic(http):
    books = http.get("/books", params={"topic": "Distributed systems"})
    assert books.status_code == 200
    assert books.json() == [
        {"id": 1, "title": "How to get a good grade in 677 in 20 minutes a day"},
        {"id": 2, "title": "RPCs for Dummies"},
    ]


def test_no_books_are_of_an_unknown_topic(http):
    assert http.get("/books", params={"topic": "cooking"}).json() == []


@pytest.mark.parametrize("path", ["/books", "/books?topic="])
def test_all_books_are_listed_without_a_topic(http, item, path):
    assert [book["id"] for book in http.get(path).json()] == [1, 2, 3]


def test_a_book_has_a_cost_in_dollars(http):
    book = http.get("/books/3").json()
    assert book == {
        "id": 3,
        "title": "Xen and the Art of Surviving Graduate School",
        "topic": "graduate school",
        "cost": 75.0,
        "count": book["count"],
    }
    assert isinstance(book["cost"], float)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_book_is_not_found(http, item, method):
    for number in ("99", item["item_id"]):
        refused = http.request(method, f"/books/{number}")
        assert (refused.status_code, refused.json()["reason"]) == (404, "BOOK_NOT_FOUND")


def test_one_copy_is_bought_without_signing_in(http, mesh):
    before = http.get("/books/2").json()["count"]
    bought = http.post("/books/2")
    assert bought.status_code == 200
    assert set(bought.json()) == {"OrderId", "Order status", "ID", "Date"}
    assert (bought.json()["Order status"], bought.json()["ID"]) == ("Success", 2)
    assert http.get("/books/2").json()["count"] == before - 1
    assert mesh.order.calls_of("PlaceOrder")[-1].request.buyer_id == "guest"


def test_a_replay_answers_with_the_same_order(http):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (http.post("/books/2", headers=headers) for _ in range(2))
    assert (again.status_code, again.json()) == (200, first.json())
    refused = http.post("/books/1", headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_out_of_stock_is_told_in_the_words_of_the_seeds_and_as_a_problem(http, mesh):
    class OutOfStock(FailedPrecondition):
        reason = "OUT_OF_STOCK"

    mesh.order.fault = OutOfStock("there are not enough units of item 2 left", {"item_id": "2"})
    refused = http.post("/books/2")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["Order status"], refused.json()["reason"]) == ("Out of stock", "OUT_OF_STOCK")


def test_the_operator_sets_count_and_cost(http):
    book = http.patch("/books/1", json={"count": 12, "cost": 29.99}, headers=OPERATOR)
    assert (book.status_code, book.json()["count"], book.json()["cost"]) == (200, 12, 29.99)
    assert http.patch("/books/1", json={"cost": 30}, headers=OPERATOR).json()["cost"] == 30.0


def test_the_operator_changes_books_only(http, item):
    refused = http.patch(f"/books/{item['item_id']}", json={"count": 1}, headers=OPERATOR)
    assert (refused.status_code, refused.json()["reason"]) == (404, "BOOK_NOT_FOUND")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer \xe9"}])
def test_nobody_else_changes_books(http, headers):
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    refused = http.patch("/books/1", json={"count": 1}, headers=encoded)
    assert (refused.status_code, refused.json()["reason"]) == (401, "OPERATOR_TOKEN_REQUIRED")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_without_an_operators_token_nobody_changes_books(mesh, tmp_path):
    with running_gateway(mesh.targets, tmp_path, AGORA_OPERATOR_TOKEN="") as gateway, gateway.client() as http:
        refused = http.patch("/books/1", json={"count": 1}, headers={"authorization": "Bearer x"})
    assert (refused.status_code, refused.json()["reason"]) == (403, "OPERATOR_TOKEN_UNSET")
