"""What clients ask of the shop: each request with what a history keeps of it and of its answer."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.faults.history import Call, Lines

GUEST = "guest"
"""The one buyer the bookstore knows."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in; `name` is the account's id."""

    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Request:
    call: Call
    client: str
    key: str
    asked: Facts
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    facts_of: Callable[[Any], Facts]


def new_key() -> str:
    return uuid.uuid4().hex[:12]


def buy(buyer: Visitor, lines: Lines, key: str) -> Request:
    body = {"lines": [{"item_id": item_id, "quantity": quantity} for item_id, quantity in lines.items()]}
    return _order(Call.BUY, buyer, key, {"lines": dict(lines)}, body)


def buy_cart(buyer: Visitor, key: str) -> Request:
    return _order(Call.BUY_CART, buyer, key, {}, None)


def _order(call: Call, buyer: Visitor, key: str, asked: Facts, body: Any) -> Request:
    headers = {**buyer.headers, "idempotency-key": key}
    return Request(call, buyer.name, key, asked, "POST", "/v1/orders", headers, body, order_facts)


def buy_book(number: int, key: str) -> Request:
    asked = {"lines": {str(number): 1}}
    headers = {"idempotency-key": key}
    path = f"/books/{number}"
    return Request(
        Call.BUY, GUEST, key, asked, "POST", path, headers, None, lambda receipt: {"order_id": receipt["OrderId"]}
    )


def set_book_count(number: int, count: int, operator_token: str) -> Request:
    asked = {"item_id": str(number), "quantity": count}
    headers = {"authorization": f"Bearer {operator_token}"}
    path = f"/books/{number}"
    return Request(Call.SET_ITEM, "operator", new_key(), asked, "PATCH", path, headers, {"count": count}, _book_facts)


def register_item(seller: Visitor, name: str, *, price_cents: int, quantity: int) -> Request:
    asked = {"price_cents": price_cents, "quantity": quantity}
    body = {"name": name, "category": 1, "keywords": [], "condition": "new", **asked}
    key = new_key()
    headers = {**seller.headers, "idempotency-key": key}
    return Request(Call.SET_ITEM, seller.name, key, asked, "POST", "/v1/items", headers, body, item_facts)


def change_item(
    seller: Visitor, item_id: str, *, if_match: int | None = None, keyed: bool = True, **fields: int
) -> Request:
    """`fields` are price_cents, quantity or quantity_delta. Without a key, each request is a change of its own."""
    asked = {"item_id": item_id, **fields}
    key = new_key()
    headers = seller.headers | ({"idempotency-key": key} if keyed else {})
    if if_match is not None:
        asked["if_match"] = if_match
        headers["if-match"] = f'"{if_match}"'
    path = f"/v1/items/{item_id}"
    return Request(Call.SET_ITEM, seller.name, key, asked, "PATCH", path, headers, fields, item_facts)


def add_to_cart(buyer: Visitor, item_id: str, quantity: int, key: str) -> Request:
    asked = {"item_id": item_id, "quantity": quantity}
    headers = {**buyer.headers, "idempotency-key": key}
    return Request(
        Call.ADD_TO_CART, buyer.name, key, asked, "POST", "/v1/cart/items", headers, dict(asked), _cart_facts
    )


def remove_from_cart(buyer: Visitor, item_id: str, key: str) -> Request:
    """One unit."""
    headers = {**buyer.headers, "idempotency-key": key}
    asked = {"item_id": item_id, "quantity": 1}
    path = f"/v1/cart/items/{item_id}?quantity=1"
    return Request(Call.REMOVE_FROM_CART, buyer.name, key, asked, "DELETE", path, headers, None, _cart_facts)


def clear_cart(buyer: Visitor) -> Request:
    return Request(Call.CLEAR_CART, buyer.name, new_key(), {}, "DELETE", "/v1/cart", buyer.headers, None, _cart_facts)


def write(client: str, path: str, body: Any, key: str, headers: Mapping[str, str]) -> Request:
    """A write that no checker looks into, but for its key."""
    all_headers = {**headers, "idempotency-key": key}
    asked = {"path": path, "body": repr(body)}
    return Request(Call.WRITE, client, key, asked, "POST", path, all_headers, body, lambda answer: {"answer": answer})


def show_book(number: int) -> Request:
    return _read(f"/books/{number}", {"item_id": str(number)}, _book_facts)


def show_item(item_id: str) -> Request:
    return _read(f"/v1/items/{item_id}", {"item_id": item_id}, item_facts)


def search_books(topic: str) -> Request:
    path = f"/books?topic={topic.replace(' ', '%20')}"
    return _read(path, {"topic": topic}, lambda books: {"ids": [book["id"] for book in books]})


def show_order(buyer: Visitor, order_id: str) -> Request:
    return _read(f"/v1/orders/{order_id}", {"order_id": order_id}, order_facts, buyer)


def show_rating(visitor: Visitor, seller: Visitor) -> Request:
    return _read(f"/v1/sellers/{seller.name}/rating", {"seller": seller.name}, dict, visitor)


def _read(path: str, asked: Facts, facts_of: Callable[[Any], Facts], reader: Visitor | None = None) -> Request:
    name, headers = (reader.name, reader.headers) if reader else (GUEST, {})
    return Request(Call.READ, name, "", asked, "GET", path, headers, None, facts_of)


def order_facts(order: Any) -> Facts:
    return {name: order[name] for name in ("order_id", "lines", "total_cents")}


def item_facts(item: Any) -> Facts:
    return {name: item[name] for name in ("item_id", "price_cents", "quantity", "version")}


def _book_facts(book: Any) -> Facts:
    return {"item_id": str(book["id"]), "quantity": book["count"]}


def _cart_facts(cart: Any) -> Facts:
    return {"lines": {line["item_id"]: line["quantity"] for line in cart["lines"]}}
