"""What the stand-in shop answers, kept to the REST contract as far as the command can tell."""

import re

from .stand_in_shop import Refusal, put_up

PAGE_SIZE = 50


def page(name, elements, request):
    start = int(request.query.get("page_token", ["0"])[0])
    end = start + int(request.query.get("page_size", [PAGE_SIZE])[0])
    return 200, {name: elements[start:end], "next_page_token": str(end) if end < len(elements) else ""}


def find_books(shop, request):
    topic = request.query["topic"][0]
    return 200, [{"id": b["id"], "title": b["title"]} for b in shop.books.values() if b["topic"] == topic]


def get_book(shop, request, book_id):
    if book_id not in shop.books:
        raise Refusal(404)
    return 200, shop.books[book_id]


def buy_book(shop, request, book_id):
    key = request.headers.get("Idempotency-Key")
    if key in shop.receipts:
        return 200, shop.receipts[key]
    _, book = get_book(shop, request, book_id)
    if book["count"] == 0:
        return 409, {"Order status": "Out of stock"}
    book["count"] -= 1
    number = len(shop.receipts) + 1
    shop.receipts[key] = {"OrderId": number, "Order status": "Success", "ID": book["id"], "Date": "2026-01-02"}
    return 200, shop.receipts[key]


def create_account(shop, request):
    username = request.body["username"]
    if username in shop.accounts:
        raise Refusal(409, detail="The username is taken.")
    account = {"account_id": f"a-{username}", "username": username, "role": request.body["role"]}
    shop.accounts[username] = {**account, "password": request.body["password"]}
    return 201, account


def create_session(shop, request):
    account = shop.accounts.get(request.body["username"])
    if not account or account["password"] != request.body["password"]:
        raise Refusal(401, detail="The username or the password is wrong.")
    token = f"token-{len(shop.sessions)}-{account['username']}"
    shop.sessions[token] = account
    answer = {"account_id": account["account_id"], "role": account["role"], "expires_at": "2026-01-02T03:04:05Z"}
    return 201, {"token": token, **answer}


def delete_session(shop, request):
    shop.account(request)
    del shop.sessions[request.headers["Authorization"].removeprefix("Bearer ")]
    return 204, None


def search_items(shop, request):
    wanted = set(request.query.get("keyword", []))
    category = request.query.get("category")
    found = [
        item
        for item in shop.items.values()
        if (not category or item["category"] == int(category[0])) and (not wanted or wanted & {*item["keywords"]})
    ]
    return page("items", sorted(found, key=lambda item: -len(wanted & {*item["keywords"]})), request)


def get_item(shop, request, item_id):
    if item_id not in shop.items:
        raise Refusal(404, detail=f"There is no item {item_id}.")
    return 200, shop.items[item_id]


def register_item(shop, request):
    seller = shop.account(request, "seller")
    if len(request.body["name"]) > 32:
        raise Refusal(422, errors=[{"field": "name", "problem": "must have 1 to 32 characters"}])
    return 201, put_up(shop, seller_id=seller["account_id"], **request.body)


def update_item(shop, request, item_id):
    _, item = get_item(shop, request, item_id)
    if item["seller_id"] != shop.account(request)["account_id"]:
        raise Refusal(403)
    item["quantity"] += request.body.pop("quantity_delta", 0)
    item.update(request.body)
    return 200, item


def own_items(shop, request):
    seller = shop.account(request, "seller")
    return page("items", [i for i in shop.items.values() if i["seller_id"] == seller["account_id"]], request)


def cart_of(shop, request):
    return shop.carts.setdefault(shop.account(request, "buyer")["username"], {})


def get_cart(shop, request):
    cart = cart_of(shop, request)
    lines = [
        {"item_id": item_id, "quantity": quantity, "name": item["name"], "price_cents": item["price_cents"]}
        for item_id, quantity in cart.items()
        for item in [shop.items[item_id]]
    ]
    return 200, {"lines": lines, "total_cents": sum(line["quantity"] * line["price_cents"] for line in lines)}


def add_to_cart(shop, request):
    cart, item_id = cart_of(shop, request), request.body["item_id"]
    get_item(shop, request, item_id)
    cart[item_id] = cart.get(item_id, 0) + request.body["quantity"]
    return get_cart(shop, request)


def remove_from_cart(shop, request, item_id):
    cart = cart_of(shop, request)
    left = cart.pop(item_id) - int(request.query.get("quantity", [10**6])[0])
    if left > 0:
        cart[item_id] = left
    return get_cart(shop, request)


def clear_cart(shop, request):
    cart_of(shop, request).clear()
    return get_cart(shop, request)


def place_order(shop, request):
    cart = cart_of(shop, request)
    key = request.headers["Idempotency-Key"]
    if key in shop.orders:
        return 200, shop.orders[key]
    wanted = request.body.get("lines") or get_cart(shop, request)[1]["lines"]
    items = {line["item_id"]: get_item(shop, request, line["item_id"])[1] for line in wanted}
    lines = [{**line, **{field: items[line["item_id"]][field] for field in ("name", "price_cents")}} for line in wanted]
    if any(shop.items[line["item_id"]]["quantity"] < line["quantity"] for line in lines):
        raise Refusal(409, detail="Out of stock.", reason="OUT_OF_STOCK")
    for line in lines:
        shop.items[line["item_id"]]["quantity"] -= line["quantity"]
        cart.pop(line["item_id"], None)
    total = sum(line["quantity"] * line["price_cents"] for line in lines)
    order = {
        "order_id": f"o-{len(shop.orders)}",
        "state": "CONFIRMED",
        "lines": lines,
        "total_cents": total,
        "currency": "USD",
    }
    shop.orders[key] = {**order, "created_at": "2026-01-02T03:04:05Z"}
    return 201, shop.orders[key]


def list_orders(shop, request):
    shop.account(request, "buyer")
    return page("orders", [*reversed(shop.orders.values())], request)


def get_order(shop, request, order_id):
    found = [order for order in shop.orders.values() if order["order_id"] == order_id]
    if not found:
        raise Refusal(404)
    return 200, found[0]


def leave_feedback(shop, request, item_id):
    shop.account(request, "buyer")
    if not any(line["item_id"] == item_id for order in shop.orders.values() for line in order["lines"]):
        raise Refusal(403, detail="Only who bought it may vote.")
    return 201, {"item_id": item_id, "vote": request.body["vote"]}


def seller_rating(shop, request, seller_id):
    shop.account(request)
    return 200, {"seller_id": seller_id, "thumbs_up": 2, "thumbs_down": 1}


ROUTES = [
    ("GET", r"/books", find_books),
    ("GET", r"/books/(\d+)", get_book),
    ("POST", r"/books/(\d+)", buy_book),
    ("POST", r"/v1/accounts", create_account),
    ("POST", r"/v1/sessions", create_session),
    ("DELETE", r"/v1/sessions/current", delete_session),
    ("GET", r"/v1/items", search_items),
    ("POST", r"/v1/items", register_item),
    ("GET", r"/v1/items/([^/]+)", get_item),
    ("PATCH", r"/v1/items/([^/]+)", update_item),
    ("POST", r"/v1/items/([^/]+)/feedback", leave_feedback),
    ("GET", r"/v1/sellers/me/items", own_items),
    ("GET", r"/v1/sellers/([^/]+)/rating", seller_rating),
    ("GET", r"/v1/cart", get_cart),
    ("DELETE", r"/v1/cart", clear_cart),
    ("POST", r"/v1/cart/items", add_to_cart),
    ("DELETE", r"/v1/cart/items/([^/]+)", remove_from_cart),
    ("POST", r"/v1/cart/save", get_cart),
    ("POST", r"/v1/orders", place_order),
    ("GET", r"/v1/orders", list_orders),
    ("GET", r"/v1/orders/([^/]+)", get_order),
]


def answer(shop, request):
    """The status and the document, or a problem."""
    matches = ((re.fullmatch(path, request.path), act) for method, path, act in ROUTES if method == request.method)
    match, act = next(((match, act) for match, act in matches if match), (None, None))
    if not match:
        return 404, Refusal(404).problem
    try:
        return act(shop, request, *match.groups())
    except Refusal as refusal:
        return refusal.status, refusal.problem
