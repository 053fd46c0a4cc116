"""Orders that stand: one, a buyer's list, and whether a buyer bought an item."""

from uuid import uuid4

import grpc

from .buyers import refused

NOT_FOUND = grpc.StatusCode.NOT_FOUND


async def test_orders_are_listed_newest_first_in_pages_that_neither_lose_nor_repeat(shop):
    made = [(await shop.both.buy({"1": 1, "2": number + 1})).order for number in range(7)]
    await shop.both.buy({"1": 1}, buyer_id="bob")
    for size in (1, 3, 7, 500):
        listed, token = [], ""
        while True:
            page = await shop.both.orders(page_size=size, page_token=token)
            assert 1 <= len(page.orders) <= size
            listed += page.orders
            token = page.next_page_token
            if not token:
                break
        assert listed == made[::-1]
    assert not (await shop.both.orders("carl")).orders


async def test_an_order_made_between_two_pages_moves_nothing(shop):
    made = [(await shop.both.buy({"1": 1})).order for _ in range(4)]
    first = await shop.both.orders(page_size=2)
    await shop.both.buy({"1": 1})
    second = await shop.orders[1].orders(page_size=2, page_token=first.next_page_token)
    assert [*first.orders, *second.orders] == made[::-1]


async def test_the_page_token_of_another_buyer_and_forged_ones_are_refused(shop, subtests):
    for _ in range(2):
        await shop.both.buy({"1": 1})
        await shop.both.buy({"1": 1}, buyer_id="bob")
    token = (await shop.both.orders("bob", page_size=1)).next_page_token
    for foreign in (token, token[:-1], "x", "AAAA", "é"):
        with subtests.test(token=foreign):
            code, reason, _ = await refused(shop.both.orders("ann", page_size=1, page_token=foreign))
            assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_a_page_size_out_of_bounds_is_refused(shop):
    for size in (-1, 501):
        code, _, metadata = await refused(shop.both.orders(page_size=size))
        assert (code, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "page_size")


async def test_only_the_buyer_sees_an_order(shop, subtests):
    order = (await shop.both.buy({"1": 1})).order
    assert await shop.both.order(order.order_id) == order
    foreign = [("bob", order.order_id), *(("ann", order_id) for order_id in (str(uuid4()), "", "x", "\0"))]
    for buyer_id, order_id in foreign:
        with subtests.test(buyer_id=buyer_id, order_id=order_id):
            assert (await refused(shop.both.order(order_id, buyer_id)))[:2] == (NOT_FOUND, "ORDER_NOT_FOUND")


async def test_a_purchase_names_the_seller_and_only_what_was_bought_counts(shop):
    lamp, other = await shop.item(seller_id="seller-7"), await shop.item()
    session = shop.both.session()
    await session.add(other)
    await shop.both.buy({"1": 1, lamp: 2})
    assert await shop.both.seller_of(lamp) == "seller-7"
    for buyer_id, item_id in [("bob", lamp), ("ann", other), ("ann", "999999"), ("ann", ""), ("ann", f"0{lamp}")]:
        assert (await refused(shop.both.seller_of(item_id, buyer_id)))[:2] == (NOT_FOUND, "PURCHASE_NOT_FOUND")
