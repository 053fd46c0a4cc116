"""Idempotency keys and preconditions from outside, on the whole mesh: each route that takes a key."""

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from .conftest import Mesh
from .test_albums import await_counts
from .test_journey import SignIn, buy, register

PNG = b"\x89PNG\r\n\x1a\n"
PASSWORD = "correct horse"


def keyed() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


def is_reused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("reason")) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.fixture
def far_client(mesh: Mesh) -> Iterator[httpx.Client]:
    """A client at another address than `client`."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), base_url=mesh.url, timeout=60) as far:
        yield far


def upload(client: httpx.Client, title: str, image: bytes, headers: dict[str, str]) -> httpx.Response:
    profile = json.dumps({"artist": "Sex Pistols", "title": title, "year": 1977})
    parts = {"image": ("cover.png", image, "image/png"), "profile": (None, profile)}
    return client.post("/albums", files=parts, headers=headers)


def test_items_are_registered_once_per_key(sign_in: SignIn):
    seller, other, headers = sign_in("seller"), sign_in("seller"), keyed()
    item = {"name": "Lamp", "category": 3, "keywords": [], "condition": "new", "price_cents": 5, "quantity": 5}
    first, again = (seller.client.post("/v1/items", json=item, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert is_reused(seller.client.post("/v1/items", json=item | {"quantity": 6}, headers=headers))
    assert len(seller.client.get("/v1/sellers/me/items").json()["items"]) == 1
    theirs = other.client.post("/v1/items", json=item | {"quantity": 6}, headers=headers)
    assert (theirs.status_code, theirs.json()["quantity"]) == (201, 6)


def test_accounts_are_created_once_per_key(client: httpx.Client, far_client: httpx.Client):
    headers, name = keyed(), uuid4().hex
    account = {"username": name, "password": PASSWORD, "role": "buyer"}
    first, again = (client.post("/v1/accounts", json=account, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    for other in ({"username": f"{name}-2"}, {"role": "seller"}, {"password": "another horse"}):
        assert is_reused(client.post("/v1/accounts", json=account | other, headers=headers))
    far = far_client.post("/v1/accounts", json=account, headers=headers)
    assert (far.status_code, far.json()["reason"]) == (409, "USERNAME_TAKEN")


def test_feedback_is_left_once_per_key(sign_in: SignIn):
    seller, buyer, headers = sign_in("seller"), sign_in("buyer"), keyed()
    paths = []
    for _ in range(2):
        item = register(seller)
        buy(buyer, item)
        paths.append(f"/v1/items/{item['item_id']}/feedback")
    first, again = (buyer.client.post(paths[0], json={"vote": "up"}, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert is_reused(buyer.client.post(paths[0], json={"vote": "down"}, headers=headers))
    assert is_reused(buyer.client.post(paths[1], json={"vote": "up"}, headers=headers))
    assert buyer.client.get(f"/v1/sellers/{seller.account_id}/rating").json()["thumbs_up"] == 1


def test_a_cart_is_changed_once_per_key(sign_in: SignIn):
    buyer, headers, item = sign_in("buyer"), keyed(), register(sign_in("seller"))
    line = {"item_id": item["item_id"], "quantity": 2}
    first, again = (buyer.client.post("/v1/cart/items", json=line, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert is_reused(buyer.client.post("/v1/cart/items", json=line | {"quantity": 1}, headers=headers))
    path = f"/v1/cart/items/{item['item_id']}"
    # Another route: the key is a new one there.
    removed = buyer.client.delete(path, params={"quantity": 1}, headers=headers)
    assert removed.json()["lines"][0]["quantity"] == 1
    assert buyer.client.delete(path, params={"quantity": 1}, headers=headers).json() == removed.json()
    assert is_reused(buyer.client.delete(path, headers=headers))


def test_clearing_a_cart_again_leaves_what_was_added_since(sign_in: SignIn):
    buyer, item = sign_in("buyer"), register(sign_in("seller"))
    line = {"item_id": item["item_id"], "quantity": 2}
    for method, path in (("DELETE", "/v1/cart"), ("POST", "/v1/cart/save")):
        headers = keyed()
        assert buyer.client.request(method, path, headers=headers).status_code == 200
        added = buyer.client.post("/v1/cart/items", json=line).json()
        assert buyer.client.request(method, path, headers=headers).json() == added


def test_books_are_bought_once_per_key_and_client(client: httpx.Client, far_client: httpx.Client):
    headers, count = keyed(), client.get("/books/2").json()["count"]
    first, again = (client.post("/books/2", headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert is_reused(client.post("/books/3", headers=headers))
    far = far_client.post("/books/2", headers=headers)
    assert far.status_code == 200
    assert far.json()["OrderId"] != first.json()["OrderId"]
    assert client.get("/books/2").json()["count"] == count - 2


@pytest.mark.parametrize("size", [10, 100_000])
def test_albums_are_created_once_per_key_and_client(client: httpx.Client, far_client: httpx.Client, size: int):
    headers, image = keyed(), PNG + bytes(size)
    first, again = (upload(client, "One", image, headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert is_reused(upload(client, "Two", image, headers))
    assert is_reused(upload(client, "One", image + b"!", headers))
    far = upload(far_client, "Two", image, headers)
    assert far.status_code == 201
    assert client.get(f"/albums/{far.json()['albumID']}").json()["title"] == "Two"


def test_orders_are_placed_once_per_key(sign_in: SignIn):
    item, headers = register(sign_in("seller")), keyed()
    for buyer in (sign_in("buyer"), sign_in("buyer")):
        order = {"lines": [{"item_id": item["item_id"], "quantity": 1}]}
        first, again = (buyer.client.post("/v1/orders", json=order, headers=headers) for _ in range(2))
        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        order["lines"][0]["quantity"] = 2
        assert is_reused(buyer.client.post("/v1/orders", json=order, headers=headers))
    assert buyer.client.get(f"/v1/items/{item['item_id']}").json()["quantity"] == item["quantity"] - 2


def test_an_item_is_changed_once_per_key_after_sales(sign_in: SignIn):
    seller, buyer, headers = sign_in("seller"), sign_in("buyer"), keyed()
    item, other = register(seller), register(seller)
    path = f"/v1/items/{item['item_id']}"
    assert seller.client.patch(path, json={"quantity": 100}, headers=headers).json()["quantity"] == 100
    buy(buyer, item, 10)
    again = seller.client.patch(path, json={"quantity": 100}, headers=headers)
    assert (again.status_code, again.json()["quantity"]) == (200, 90)
    assert is_reused(seller.client.patch(path, json={"quantity": 101}, headers=headers))
    assert is_reused(seller.client.patch(f"/v1/items/{other['item_id']}", json={"quantity": 100}, headers=headers))
    assert seller.client.get(path).json()["quantity"] == 90


def test_an_item_is_changed_only_in_the_version_of_if_match(sign_in: SignIn):
    seller, buyer = sign_in("seller"), sign_in("buyer")
    item = register(seller)
    path = f"/v1/items/{item['item_id']}"
    etag = seller.client.get(path).headers["etag"]
    assert etag == f'"{item["version"]}"'
    buy(buyer, item)
    refused = seller.client.patch(path, json={"quantity": 50}, headers={"if-match": etag})
    assert (refused.status_code, refused.json()["reason"]) == (412, "ITEM_CHANGED")
    current = seller.client.get(path).headers["etag"]
    changed = seller.client.patch(path, json={"quantity": 50}, headers={"if-match": f'"0", {current}'})
    assert (changed.status_code, changed.json()["quantity"]) == (200, 50)
    assert changed.headers["etag"] == f'"{changed.json()["version"]}"'
    assert seller.client.patch(path, json={"quantity": 51}, headers={"if-match": "*"}).status_code == 200


def test_a_relative_change_keeps_sales_and_stays_in_range(sign_in: SignIn):
    seller, buyer = sign_in("seller"), sign_in("buyer")
    item = register(seller)
    path = f"/v1/items/{item['item_id']}"
    buy(buyer, item, 2)
    assert seller.client.patch(path, json={"quantity_delta": 10}).json()["quantity"] == 13
    for delta in (-14, 1_000_000):
        refused = seller.client.patch(path, json={"quantity_delta": delta})
        assert (refused.status_code, refused.json()["reason"]) == (409, "QUANTITY_OUT_OF_RANGE")
    both = seller.client.patch(path, json={"quantity_delta": 1, "quantity": 1})
    assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "quantity_delta")
    assert seller.client.get(path).json()["quantity"] == 13


def test_a_book_is_changed_once_per_key_and_in_its_version(mesh: Mesh, client: httpx.Client):
    headers = {"authorization": f"Bearer {mesh.operator_token}"}
    etag = client.get("/books/7").headers["etag"]
    change, key = {"count": 500}, keyed()
    first = client.patch("/books/7", json=change, headers=headers | key | {"if-match": etag})
    assert (first.status_code, first.json()["count"]) == (200, 500)
    assert first.headers["etag"] != etag
    client.post("/books/7")
    again = client.patch("/books/7", json=change, headers=headers | key | {"if-match": etag})
    assert (again.status_code, again.json()["count"]) == (200, 499)
    assert is_reused(client.patch("/books/7", json={"count": 501}, headers=headers | key))
    refused = client.patch("/books/7", json=change, headers=headers | {"if-match": etag})
    assert (refused.status_code, refused.json()["reason"]) == (412, "ITEM_CHANGED")


def test_votes_count_once_per_key_and_client(client: httpx.Client, far_client: httpx.Client):
    headers = keyed()
    album_id = upload(client, "One", PNG, {}).json()["albumID"]
    for voter in (client, client, far_client):
        assert voter.post(f"/review/like/{album_id}", headers=headers).status_code == 201
    # Votes are counted in the order in which they were taken, so with this one all are counted.
    assert client.post(f"/review/dislike/{album_id}", headers=headers).status_code == 201
    await_counts(client, album_id, (2, 1))
