"""Sellers' items, carts, orders and ratings."""

import pytest


def test_a_seller_registers_reprices_restocks_and_lists_an_item(agora, shop, seller):
    words = "--name", "red pen", "--category", "3", "--keyword", "red", "pen", "--price", "12.5", "--quantity", "4"
    item = agora("item", "register", *words, "--json").json
    assert (item["price_cents"], item["keywords"], item["condition"]) == (1250, ["red", "pen"], "new")

    assert "Price\t9.99 USD" in agora("item", "reprice", item["item_id"], "9.99").out
    assert "In stock\t7" in agora("item", "restock", item["item_id"], "7").out
    assert "In stock\t12" in agora("item", "restock", item["item_id"], "+5").out
    assert "In stock\t7" in agora("item", "restock", item["item_id"], "-5").out
    assert agora("item", "list").out.splitlines() == [
        "Item\tName\tCategory\tKeywords\tCondition\tPrice\tIn stock",
        f"{item['item_id']}\tred pen\t3\tred pen\tnew\t9.99 USD\t7",
    ]
    assert agora("item", "show", item["item_id"], "--json").json == shop.items[item["item_id"]]


@pytest.mark.parametrize(("text", "cents"), [("12", 1200), ("0", 0), ("0.5", 50), ("19.99", 1999), ("1.10", 110)])
def test_prices_become_minor_units_exactly(agora, seller, text, cents):
    item = agora("item", "register", "--name", "pen", "--category", "3", "--price", text, "--json").json
    assert item["price_cents"] == cents


@pytest.mark.parametrize("text", ["-1", "1.234", "1,5", "free", "1e3", "", "٣"])
def test_what_is_no_price_is_wrong_usage(agora, shop, seller, text):
    assert agora("item", "reprice", "i-0", text).code == 2


def test_refused_fields_are_named(agora, seller):
    result = agora("item", "register", "--name", "x" * 33, "--category", "3", "--price", "1")
    assert result.code == 1
    assert result.err == "agora: Some fields are invalid.\nname: must have 1 to 32 characters\n"


def test_another_sellers_item_cannot_be_changed(agora, stock, seller):
    stock(seller_id="a-other")
    assert agora("item", "reprice", "i-0", "1").code == 1


def test_finding_passes_on_category_and_every_keyword(agora, shop, stock):
    stock(name="pen")
    stock(name="car", keywords=["red", "fast"])
    stock(name="tea", category=4)
    found = agora("find", "--category", "3", "--keyword", "red", "--keyword", "fast", "--json").json
    assert [item["name"] for item in found["items"]] == ["car", "pen"]
    assert shop.requests[-1].query == {"category": ["3"], "keyword": ["red", "fast"]}


def test_searching_by_more_than_a_topic_asks_the_marketplace(agora, shop, stock):
    stock()
    assert "red pen" in agora("search", "--keyword", "red", "--topic", "pens", "--q", "pen").out
    assert shop.requests[-1].query == {"keyword": ["red"], "topic": ["pens"], "q": ["pen"]}


def test_nothing_found_is_no_failure(agora):
    result = agora("find", "--category", "9")
    assert (result.code, len(result.out.splitlines())) == (0, 1)


def test_a_cart_is_filled_saved_changed_and_bought(agora, shop, stock, buyer):
    stock()
    assert agora("cart", "show").out == "The cart is empty.\n"
    assert "i-0\tred pen\t3\t12.50 USD\nTotal\t37.50 USD" in agora("cart", "add", "i-0", "--quantity", "3").out
    assert agora("cart", "remove", "i-0", "--quantity", "1", "--json").json["lines"][0]["quantity"] == 2
    assert agora("cart", "save").code == 0
    order = agora("checkout", "--json").json
    assert (order["state"], order["total_cents"]) == ("CONFIRMED", 2500)
    assert agora("cart", "show").out == "The cart is empty.\n"


def test_a_cart_is_emptied_line_by_line_or_at_once(agora, stock, buyer):
    stock()
    agora("cart", "add", "i-0")
    assert agora("cart", "remove", "i-0").out == "The cart is empty.\n"
    agora("cart", "add", "i-0")
    assert agora("cart", "clear").out == "The cart is empty.\n"


def test_a_checkout_without_stock_is_refused(agora, stock, buyer):
    stock(quantity=1)
    agora("cart", "add", "i-0", "--quantity", "2")
    result = agora("checkout")
    assert (result.code, result.err) == (1, "agora: Out of stock.\n")


def test_a_repeated_checkout_under_one_key_gives_one_order(agora, shop, stock, buyer):
    stock()
    agora("cart", "add", "i-0")
    first = agora("checkout", "--idempotency-key", "mine", "--json").json
    assert agora("checkout", "--idempotency-key", "mine", "--json").json == first
    assert len(shop.orders) == 1


def test_orders_are_listed_newest_first_and_shown_one_by_one(agora, stock, buyer):
    stock()
    agora("buy", "i-0")
    agora("buy", "i-0", "--quantity", "2")
    assert agora("orders").out.splitlines() == [
        "Order\tState\tUnits\tTotal\tPlaced",
        "o-1\tCONFIRMED\t2\t25.00 USD\t2026-01-02T03:04:05Z",
        "o-0\tCONFIRMED\t1\t12.50 USD\t2026-01-02T03:04:05Z",
    ]
    assert agora("orders", "o-0").out.splitlines() == [
        "Order\to-0",
        "State\tCONFIRMED",
        "Placed\t2026-01-02T03:04:05Z",
        "Total\t12.50 USD",
        "Item\tName\tQuantity\tPrice",
        "i-0\tred pen\t1\t12.50 USD",
    ]
    assert agora("orders", "o-9").code == 1


def test_a_buyer_votes_on_what_was_bought(agora, shop, stock, buyer):
    stock()
    assert agora("rate", "i-0", "up").code == 1
    agora("buy", "i-0")
    assert agora("rate", "i-0", "up").out == "Voted up on i-0.\n"
    assert shop.requests[-1].body == {"vote": "up"}
    assert agora("rate", "i-0", "sideways").code == 2


def test_a_sellers_rating_is_shown(agora, buyer):
    assert agora("seller-rating", "a-sally").out == "Seller\ta-sally\nThumbs up\t2\nThumbs down\t1\n"


def test_every_change_carries_an_idempotency_key_and_no_read_does(agora, shop, stock, buyer):
    stock()
    agora("cart", "add", "i-0")
    agora("cart", "clear")
    agora("orders")
    agora("logout")
    assert {bool(request.headers.get("Idempotency-Key")) for request in shop.requests if request.method == "GET"} == {
        False
    }
    changes = [request.headers["Idempotency-Key"] for request in shop.requests if request.method != "GET"]
    assert len(set(changes)) == len(changes)


def test_an_id_stays_one_segment_of_the_path(agora, shop):
    assert agora("item", "show", "../books/1?x#y").code == 1
    assert shop.requests[-1].path == "/v1/items/..%2Fbooks%2F1%3Fx%23y"
    assert agora("item", "show", "..").code == 2
