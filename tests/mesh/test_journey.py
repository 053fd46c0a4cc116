"""A seller and a buyer from their first account to the last thumb up, over REST, on the whole mesh."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from .conftest import Person

SignIn = Callable[..., Person]


def register(seller: Person, **changes: object) -> dict:
    item = {
        "name": "Desk lamp",
        "category": 3,
        "keywords": ["red", "lamp"],
        "condition": "new",
        "price_cents": 1250,
        "quantity": 5,
    }
    answer = seller.client.post("/v1/items", json=item | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def buy(buyer: Person, item: dict, quantity: int = 1) -> dict:
    lines = [{"item_id": item["item_id"], "quantity": quantity}]
    answer = buyer.client.post("/v1/orders", json={"lines": lines}, headers={"idempotency-key": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_seller_registers_reprices_restocks_and_lists(sign_in: SignIn):
    seller = sign_in("seller")
    item = register(seller, currency="EUR")
    assert item | {"item_id": "", "created_at": "", "version": 0} == {
        "item_id": "",
        "name": "Desk lamp",
        "category": 3,
        "keywords": ["red", "lamp"],
        "condition": "new",
        "price_cents": 1250,
        "currency": "EUR",
        "quantity": 5,
        "seller_id": seller.account_id,
        "created_at": "",
        "version": 0,
    }
    path = f"/v1/items/{item['item_id']}"
    repriced = seller.client.patch(path, json={"price_cents": 990}).json()
    assert (repriced["price_cents"], repriced["quantity"]) == (990, 5)
    restocked = seller.client.patch(path, json={"quantity": 50}).json()
    assert (restocked["price_cents"], restocked["quantity"]) == (990, 50)
    assert restocked["version"] > repriced["version"] > item["version"]
    assert seller.client.get("/v1/sellers/me/items").json() == {"items": [restocked], "next_page_token": ""}
    assert seller.client.get(path).json() == restocked


def test_other_sellers_and_buyers_cannot_change_an_item(sign_in: SignIn):
    item = register(sign_in("seller"))
    path = f"/v1/items/{item['item_id']}"
    assert sign_in("seller").client.patch(path, json={"price_cents": 1}).status_code == 403
    assert sign_in("buyer").client.patch(path, json={"price_cents": 1}).status_code == 403


def test_items_that_match_more_keywords_come_first(sign_in: SignIn):
    seller = sign_in("seller")
    rare, common = uuid4().hex[:8], uuid4().hex[:8]
    one = register(seller, category=998, keywords=[common])
    both = register(seller, category=998, keywords=[rare, common])
    found = seller.client.get("/v1/items", params={"category": 998, "keyword": [rare, common]}).json()
    assert [item["item_id"] for item in found["items"]] == [both["item_id"], one["item_id"]]


def test_a_buyer_fills_a_cart_saves_it_and_buys_it_in_a_later_session(sign_in: SignIn):
    item = register(sign_in("seller"))
    buyer = sign_in("buyer")
    line = {"item_id": item["item_id"], "quantity": 2}
    cart = buyer.client.post("/v1/cart/items", json=line).json()
    assert cart["total_cents"] == 2500
    assert cart["lines"][0]["quantity"] == 2
    assert buyer.client.post("/v1/cart/save").json() == cart

    later = sign_in("buyer", buyer.username)
    assert later.client.get("/v1/cart").json() == cart
    headers = {"idempotency-key": uuid4().hex}
    placed = later.client.post("/v1/orders", headers=headers)
    assert placed.status_code == 201
    order = placed.json()
    assert order["state"] == "CONFIRMED"
    assert order["lines"] == [line | {"name": item["name"], "price_cents": 1250}]
    assert order["currency"] == "USD"
    assert order["total_cents"] == 2500

    again = later.client.post("/v1/orders", headers=headers)
    assert (again.status_code, again.json()) == (200, order)
    assert later.client.get("/v1/cart").json() == {"lines": [], "total_cents": 0}
    assert later.client.get("/v1/orders").json()["orders"] == [order]
    assert later.client.get(f"/v1/orders/{order['order_id']}").json() == order
    assert sign_in("buyer").client.get(f"/v1/orders/{order['order_id']}").status_code == 404
    assert later.client.get(f"/v1/items/{item['item_id']}").json()["quantity"] == 3
    assert sign_in("buyer", buyer.username).client.get("/v1/cart").json()["lines"] == []


def test_a_cart_bought_under_many_keys_at_once_makes_one_order(sign_in: SignIn):
    item = register(sign_in("seller"))
    buyer = sign_in("buyer")
    buyer.client.post("/v1/cart/items", json={"item_id": item["item_id"], "quantity": 2})
    with ThreadPoolExecutor() as threads:
        keys = [uuid4().hex for _ in range(8)]
        answers = list(threads.map(lambda key: buyer.client.post("/v1/orders", headers={"idempotency-key": key}), keys))
    placed = [answer.json() for answer in answers if answer.status_code == 201]
    refusals = {(answer.status_code, answer.json()["reason"]) for answer in answers if answer.status_code != 201}
    assert buyer.client.get("/v1/orders").json()["orders"] == placed
    assert [order["total_cents"] for order in placed] == [2500]
    assert refusals <= {(409, "CART_BOUGHT"), (409, "CART_EMPTY")}
    assert buyer.client.get(f"/v1/items/{item['item_id']}").json()["quantity"] == 3


def test_an_order_rejected_for_stock_stays_rejected(sign_in: SignIn):
    seller = sign_in("seller")
    item = register(seller, quantity=1)
    buyer = sign_in("buyer")
    path, key = f"/v1/items/{item['item_id']}", {"idempotency-key": uuid4().hex}
    two, one = ({"lines": [{"item_id": item["item_id"], "quantity": quantity}]} for quantity in (2, 1))
    for _ in range(2):
        rejected = buyer.client.post("/v1/orders", json=two, headers=key)
        assert (rejected.status_code, rejected.json()["reason"]) == (409, "OUT_OF_STOCK")
        seller.client.patch(path, json={"quantity": 5})
    reused = buyer.client.post("/v1/orders", json=one, headers=key)
    assert (reused.status_code, reused.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert buyer.client.get(path).json()["quantity"] == 5
    assert buyer.client.get("/v1/orders").json()["orders"] == []


def test_a_key_used_for_another_order_is_refused(sign_in: SignIn):
    item = register(sign_in("seller"))
    buyer = sign_in("buyer")
    key = {"idempotency-key": uuid4().hex}
    one, two = ({"lines": [{"item_id": item["item_id"], "quantity": quantity}]} for quantity in (1, 2))
    assert buyer.client.post("/v1/orders", json=one, headers=key).status_code == 201
    refused = buyer.client.post("/v1/orders", json=two, headers=key)
    assert (refused.status_code, refused.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_feedback_is_for_buyers_who_bought_and_makes_the_sellers_rating(sign_in: SignIn):
    seller, buyer = sign_in("seller"), sign_in("buyer")
    item = register(seller)
    path = f"/v1/items/{item['item_id']}/feedback"
    rating = f"/v1/sellers/{seller.account_id}/rating"
    assert buyer.client.post(path, json={"vote": "up"}).status_code == 403
    buy(buyer, item)
    assert buyer.client.post(path, json={"vote": "up"}).status_code == 201
    assert buyer.client.post(path, json={"vote": "down"}).status_code == 409
    assert buyer.client.get(rating).json() == {"seller_id": seller.account_id, "thumbs_up": 1, "thumbs_down": 0}


def test_a_session_ends_with_its_logout(sign_in: SignIn):
    buyer = sign_in("buyer")
    assert buyer.client.delete("/v1/sessions/current").status_code == 204
    assert buyer.client.get("/v1/cart").status_code == 401
