"""Every call of the marketplace, as the contract lists them."""

import uuid

ITEM_FIELDS = [
    "item_id",
    "name",
    "category",
    "keywords",
    "condition",
    "price_cents",
    "currency",
    "quantity",
    "seller_id",
    "created_at",
    "version",
]


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_an_account_opens_and_its_name_is_taken_then(http):
    body = {"username": f"ann-{uuid.uuid4()}", "password": "correct horse", "role": "buyer"}
    opened = http.post("/v1/accounts", json=body)
    assert opened.status_code == 201
    assert opened.json() == {"account_id": opened.json()["account_id"], "username": body["username"], "role": "buyer"}
    again = http.post("/v1/accounts", json=body)
    assert (again.status_code, again.json()["reason"]) == (409, "USERNAME_TAKEN")


def test_signing_in_answers_with_a_token_that_no_cache_keeps(http, sign_up):
    body = {"username": f"ann-{uuid.uuid4()}", "password": "correct horse"}
    account = http.post("/v1/accounts", json=body | {"role": "seller"}).json()
    session = http.post("/v1/sessions", json=body)
    assert session.status_code == 201
    assert session.headers["cache-control"] == "no-store"
    assert set(session.json()) == {"token", "account_id", "role", "expires_at"}
    assert session.json()["account_id"] == account["account_id"]
    assert session.json()["expires_at"].endswith("Z")


def test_signing_in_with_a_wrong_password_is_refused(http):
    refused = http.post("/v1/sessions", json={"username": "nobody", "password": "wrong"})
    assert (refused.status_code, refused.json()["reason"]) == (401, "WRONG_CREDENTIALS")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_registered_item_has_exactly_the_fields_of_the_contract(seller, lamp, http):
    registered = seller.http.post("/v1/items", json=lamp)
    assert registered.status_code == 201
    item = registered.json()
    assert list(item) == ITEM_FIELDS
    assert {name: item[name] for name in lamp} == lamp
    assert (item["currency"], item["seller_id"], item["version"]) == ("USD", seller.account_id, 1)
    assert item["created_at"].endswith("Z")
    assert http.get(f"/v1/items/{item['item_id']}").json() == item


def test_registering_twice_with_one_key_makes_one_item(seller, lamp):
    headers = key()
    first, second = (seller.http.post("/v1/items", json=lamp, headers=headers).json() for _ in range(2))
    assert first["item_id"] == second["item_id"]


def test_an_unknown_item_is_named_as_not_found(http):
    refused = http.get("/v1/items/404404")
    assert refused.status_code == 404
    assert refused.json()["reason"] == "ITEM_NOT_FOUND"
    assert refused.json()["metadata"] == {"item_id": "404404"}


def test_an_owner_sets_price_and_quantity_and_nobody_else_does(seller, sign_up, item):
    path = f"/v1/items/{item['item_id']}"
    changed = seller.http.patch(path, json={"price_cents": 0})
    assert changed.status_code == 200
    assert (changed.json()["price_cents"], changed.json()["quantity"]) == (0, item["quantity"])
    assert seller.http.patch(path, json={"quantity": 9}).json()["quantity"] == 9
    assert seller.http.patch(path, json={}).json()["quantity"] == 9
    refused = sign_up("seller").http.patch(path, json={"quantity": 1})
    assert (refused.status_code, refused.json()["reason"]) == (403, "NOT_ITEM_OWNER")


def test_a_seller_lists_own_items_page_by_page(seller, lamp):
    made = [seller.http.post("/v1/items", json=lamp).json()["item_id"] for _ in range(3)]
    page = seller.http.get("/v1/sellers/me/items", params={"page_size": 2}).json()
    rest = seller.http.get(
        "/v1/sellers/me/items", params={"page_size": 2, "page_token": page["next_page_token"]}
    ).json()
    assert [item["item_id"] for item in page["items"] + rest["items"]] == made
    assert rest["next_page_token"] == ""


def test_a_search_passes_every_filter_on(http, mesh):
    found = http.get("/v1/items?category=3&keyword=red&keyword=lamp&topic=x&q=Desk&page_size=7&page_token=5")
    assert found.json() == {"items": [], "next_page_token": ""}
    request = mesh.catalog.calls_of("SearchItems")[-1].request
    assert (request.category, list(request.keywords), request.topic) == (3, ["red", "lamp"], "x")
    assert (request.text, request.page_size, request.page_token) == ("Desk", 7, "5")


def test_a_search_without_filters_restricts_nothing_and_has_pages_of_fifty(http, mesh):
    assert http.get("/v1/items").status_code == 200
    request = mesh.catalog.calls_of("SearchItems")[-1].request
    assert (request.HasField("category"), request.page_size) == (False, 50)


def test_a_cart_is_filled_and_emptied(buyer, item):
    line = {"item_id": item["item_id"], "quantity": 2}
    cart = buyer.http.post("/v1/cart/items", json=line)
    assert cart.status_code == 200
    assert cart.json()["lines"] == [line | {"name": "Desk lamp", "price_cents": 1999, "currency": "USD"}]
    assert cart.json()["total_cents"] == 3998
    assert buyer.http.get("/v1/cart").json() == cart.json()
    path = f"/v1/cart/items/{item['item_id']}"
    assert buyer.http.delete(path, params={"quantity": 1}).json()["total_cents"] == 1999
    assert buyer.http.delete(path).json() == {"lines": [], "total_cents": 0}
    assert buyer.http.delete(path).json()["reason"] == "CART_LINE_NOT_FOUND"
    buyer.http.post("/v1/cart/items", json=line)
    assert buyer.http.delete("/v1/cart").json() == {"lines": [], "total_cents": 0}


def test_saving_and_clearing_a_cart_take_no_body_but_bear_one(buyer, item):
    cart = buyer.http.post("/v1/cart/items", json={"item_id": item["item_id"], "quantity": 1}).json()
    assert buyer.http.post("/v1/cart/save").json() == cart
    assert buyer.http.post("/v1/cart/save", json={}).json() == cart


def test_an_order_is_placed_once_for_each_key(buyer, item):
    headers, body = key(), {"lines": [{"item_id": item["item_id"], "quantity": 2}]}
    placed = buyer.http.post("/v1/orders", json=body, headers=headers)
    assert placed.status_code == 201
    order = placed.json()
    assert set(order) == {"order_id", "state", "lines", "total_cents", "currency", "created_at"}
    assert (order["state"], order["total_cents"], order["currency"]) == ("CONFIRMED", 3998, "USD")
    line = {"item_id": item["item_id"], "quantity": 2, "name": item["name"], "price_cents": 1999}
    assert order["lines"] == [line]
    again = buyer.http.post("/v1/orders", json=body, headers=headers)
    assert (again.status_code, again.json()) == (200, order)
    assert buyer.http.get(f"/v1/orders/{order['order_id']}").json() == order
    assert buyer.http.get("/v1/orders").json() == {"orders": [order], "next_page_token": ""}


def test_a_key_used_for_another_body_is_named(buyer, item):
    headers = key()
    for quantity in (1, 2):
        body = {"lines": [{"item_id": item["item_id"], "quantity": quantity}]}
        answer = buyer.http.post("/v1/orders", json=body, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_buying_more_than_there_is_names_the_item(buyer, item):
    body = {"lines": [{"item_id": item["item_id"], "quantity": 6}]}
    refused = buyer.http.post("/v1/orders", json=body, headers=key())
    assert (refused.status_code, refused.json()["reason"]) == (409, "OUT_OF_STOCK")
    assert refused.json()["metadata"] == {"item_id": item["item_id"]}


def test_buying_an_unknown_item_is_not_found(buyer):
    refused = buyer.http.post("/v1/orders", json={"lines": [{"item_id": "404404", "quantity": 1}]}, headers=key())
    assert (refused.status_code, refused.json()["reason"]) == (404, "ITEM_NOT_FOUND")


def test_without_lines_the_cart_is_bought(buyer, item):
    for no_lines in ({}, {"json": {}}, {"json": {"lines": None}}):
        buyer.http.post("/v1/cart/items", json={"item_id": item["item_id"], "quantity": 1})
        placed = buyer.http.post("/v1/orders", headers=key(), **no_lines)
        assert (placed.status_code, placed.json()["lines"][0]["item_id"]) == (201, item["item_id"])


def test_others_orders_are_not_found(buyer, sign_up, item):
    body = {"lines": [{"item_id": item["item_id"], "quantity": 1}]}
    order = buyer.http.post("/v1/orders", json=body, headers=key()).json()
    refused = sign_up("buyer").http.get(f"/v1/orders/{order['order_id']}")
    assert (refused.status_code, refused.json()["reason"]) == (404, "ORDER_NOT_FOUND")


def test_rating_of_a_new_seller_has_zeros(buyer, seller):
    rating = buyer.http.get(f"/v1/sellers/{seller.account_id}/rating")
    assert rating.json() == {"seller_id": seller.account_id, "thumbs_up": 0, "thumbs_down": 0}


def test_rating_of_an_unknown_seller_is_not_found(buyer):
    for nobody in ("nosuch", buyer.account_id):
        answer = buyer.http.get(f"/v1/sellers/{nobody}/rating")
        assert (answer.status_code, answer.json()["reason"]) == (404, "SELLER_NOT_FOUND")


def test_who_bought_votes_once_and_the_rating_counts_it(buyer, sign_up, item):
    path = f"/v1/items/{item['item_id']}/feedback"
    refused = buyer.http.post(path, json={"vote": "up"})
    assert (refused.status_code, refused.json()["reason"]) == (403, "ITEM_NOT_BOUGHT")
    buyer.http.post("/v1/orders", json={"lines": [{"item_id": item["item_id"], "quantity": 1}]}, headers=key())
    rating = {"seller_id": item["seller_id"], "thumbs_up": 1, "thumbs_down": 0}
    voted = buyer.http.post(path, json={"vote": "up"})
    assert (voted.status_code, voted.json()) == (201, rating)
    assert buyer.http.get(f"/v1/sellers/{item['seller_id']}/rating").json() == rating
    again = buyer.http.post(path, json={"vote": "down"})
    assert (again.status_code, again.json()["reason"]) == (409, "FEEDBACK_GIVEN")
