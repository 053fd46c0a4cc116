"""The bookstore: searching by topic, looking up and buying."""

import pytest

from .stand_in_server import LOSE_ANSWER, LOSE_REQUEST, Canned

UNAVAILABLE = Canned(503, b'{"status": 503, "detail": "The order tier is down."}', "application/problem+json")


def test_a_topic_lists_the_ids_and_titles_of_its_books(agora):
    result = agora("search", "--topic", "distributed systems")
    assert result.code == 0
    assert result.out == "Id\tTitle\n1\tHow to get a good grade\n2\tRPCs for Dummies\n"


def test_looking_up_a_book_shows_its_price_and_stock(agora):
    assert agora("lookup", "1").out.splitlines() == [
        "Id\t1",
        "Title\tHow to get a good grade",
        "Topic\tdistributed systems",
        "Price\t30.00 USD",
        "In stock\t10",
    ]


def test_with_json_the_answer_of_the_shop_is_printed_as_it_is(agora, shop):
    assert agora("lookup", "1", "--json").json == shop.books["1"]
    assert agora("search", "--topic", "distributed systems", "--json").json == [
        {"id": 1, "title": "How to get a good grade"},
        {"id": 2, "title": "RPCs for Dummies"},
    ]


@pytest.mark.parametrize("item_id", ["i-0", "4711"])
def test_looking_up_what_is_no_book_shows_the_item(agora, stock, shop, item_id):
    shop.items[item_id] = stock(item_id=item_id)
    assert f"Item\t{item_id}\nName\tred pen\n" in agora("lookup", item_id).out


def test_looking_up_what_does_not_exist_says_so_in_the_words_of_the_shop(agora):
    result = agora("lookup", "99")
    assert (result.code, result.out, result.err) == (1, "", "agora: There is no item 99.\n")


def test_buying_a_book_takes_one_copy(agora, shop):
    result = agora("buy", "1")
    assert result.code == 0
    assert result.out == "Order\t1\nStatus\tSuccess\nBook\t1\nDate\t2026-01-02\n"
    assert shop.books["1"]["count"] == 9


def test_buying_several_copies_orders_each_under_a_key_of_its_own(agora, shop):
    receipts = agora("buy", "1", "--quantity", "3", "--json").json
    assert [receipt["OrderId"] for receipt in receipts] == [1, 2, 3]
    assert len(set(shop.keys("POST", "/books/1"))) == 3
    assert shop.books["1"]["count"] == 7


def test_a_book_out_of_stock_is_refused(agora, shop):
    shop.books["1"]["count"] = 0
    result = agora("buy", "1")
    assert (result.code, result.out, result.err) == (1, "", "agora: Out of stock\n")


def test_when_stock_ends_half_way_the_copies_bought_are_shown(agora, shop):
    shop.books["1"]["count"] = 2
    result = agora("buy", "1", "--quantity", "3")
    assert result.code == 1
    assert result.out.count("Success") == 2
    assert result.err == "agora: Out of stock\nBought 2 of 3.\n"


def test_signed_out_visitors_are_told_how_to_buy_what_is_no_book(agora):
    result = agora("buy", "i-1")
    assert result.code == 1
    assert "agora login" in result.err


@pytest.mark.parametrize("fault", [LOSE_ANSWER, LOSE_REQUEST, UNAVAILABLE])
def test_a_purchase_is_repeated_under_the_same_key_and_happens_once(agora, shop, fault):
    shop.faults += [fault, fault]
    assert agora("buy", "1").code == 0
    assert shop.books["1"]["count"] == 9
    keys = shop.keys("POST", "/books/1")
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_when_no_answer_comes_the_key_that_prevents_buying_twice_is_told(agora, shop):
    shop.faults += [LOSE_ANSWER] * 3
    result = agora("buy", "1")
    key = shop.keys("POST", "/books/1")[0]
    assert result.code == 3
    assert f"--idempotency-key {key}" in result.err
    assert agora("buy", "1", "--idempotency-key", key).code == 0
    assert shop.books["1"]["count"] == 9


def test_a_tier_that_stays_down_is_a_refusal_in_doubt(agora, shop):
    shop.faults += [UNAVAILABLE] * 3
    result = agora("buy", "1")
    assert result.code == 1
    assert result.err.startswith("agora: The order tier is down.\nIt may have been bought.")


def test_signed_in_buyers_get_an_order(agora, shop, stock, buyer):
    stock()
    result = agora("buy", "i-0", "--quantity", "2")
    assert result.code == 0
    assert "Total\t25.00 USD" in result.out
    assert shop.requests[-1].body == {"lines": [{"item_id": "i-0", "quantity": 2}]}
    assert shop.items["i-0"]["quantity"] == 8


def test_an_order_whose_answer_is_lost_is_placed_once(agora, shop, stock, buyer):
    stock()
    shop.faults += [LOSE_ANSWER]
    assert agora("buy", "i-0", "--json").json["order_id"] == "o-0"
    assert len(shop.orders) == 1


def test_sellers_buy_books_like_signed_out_visitors(agora, shop, seller):
    assert agora("buy", "1").code == 0
    assert shop.books["1"]["count"] == 9
