"""The shop's rules over the socket: those of the gateway, since the use cases are the same."""

import asyncio
import uuid

import pytest

from agora.account.v1 import account_pb2
from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2
from agora.review.v1 import review_pb2

ITEM = {
    "name": "Red lamp",
    "category": 3,
    "keywords": ["red", "lamp"],
    "condition": catalog_pb2.CONDITION_NEW,
    "price_cents": 1250,
    "quantity": 3,
}
MODULES = {"account": account_pb2, "catalog": catalog_pb2, "order": order_pb2, "review": review_pb2}


class Visitor:
    """`await visitor.do("catalog", "SearchItems", category=3)`."""

    def __init__(self, client):
        self.client = client
        self.account_id = ""

    async def do(self, service, name, /, **fields):
        module = MODULES[service]
        method = f"agora.{service}.v1.{service.capitalize()}Service/{name}"
        request = getattr(module, f"{name}Request")(**fields)
        return await self.client.call(method, request, getattr(module, f"{name}Response"))

    async def refusal(self, service, name, /, **fields):
        with pytest.raises(Exception) as caught:
            await self.do(service, name, **fields)
        return caught.value.code, caught.value.reason


@pytest.fixture
def visitor(monolith):
    async def visit(role=None):
        visitor = Visitor(await monolith.connect())
        if role:
            visitor.account_id = await visitor.client.sign_up(f"{role}-{uuid.uuid4()}", role)
        return visitor

    return visit


@pytest.fixture
async def seller(visitor):
    return await visitor(account_pb2.ROLE_SELLER)


@pytest.fixture
async def buyer(visitor):
    return await visitor(account_pb2.ROLE_BUYER)


async def test_a_journey_from_registering_an_item_to_its_sellers_rating(seller, buyer):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", **ITEM)).item
    assert [found.item_id for found in (await buyer.do("catalog", "SearchItems", category=3)).items] == [item.item_id]
    cart = (await buyer.do("order", "AddCartItem", request_id="1", item_id=item.item_id, quantity=2)).cart
    assert cart.total_cents == 2500
    order = (await buyer.do("order", "PlaceOrder", request_id="buy")).order
    assert (order.total_cents, order.state) == (2500, order_pb2.ORDER_STATE_CONFIRMED)
    assert not (await buyer.do("order", "GetCart")).cart.lines
    assert (await buyer.do("catalog", "BatchGetItems", item_ids=[item.item_id])).items[0].quantity == 1
    rating = (await buyer.do("review", "LeaveFeedback", request_id="1", item_id=item.item_id, vote=1)).rating
    assert (rating.seller_id, rating.thumbs_up) == (seller.account_id, 1)
    (read,) = (await buyer.do("review", "BatchGetSellerRatings", seller_ids=[seller.account_id])).ratings
    assert read == rating
    assert [each.order_id for each in (await buyer.do("order", "ListOrders")).orders] == [order.order_id]


async def test_a_purchase_is_made_once_for_a_key(seller, buyer):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", **ITEM)).item
    lines = [order_pb2.Line(item_id=item.item_id, quantity=1)]
    first = await buyer.do("order", "PlaceOrder", request_id="key", lines=lines)
    again = await buyer.do("order", "PlaceOrder", request_id="key", lines=lines)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.order == first.order
    other = [order_pb2.Line(item_id=item.item_id, quantity=2)]
    assert await buyer.refusal("order", "PlaceOrder", request_id="key", lines=other) == (3, "IDEMPOTENCY_KEY_REUSED")


async def test_a_change_of_an_item_is_made_once_for_a_key(seller, buyer):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", **ITEM)).item
    change = {"request_id": "2", "item_id": item.item_id, "quantity_delta": 5, "expected_versions": [1]}
    assert (await seller.do("catalog", "UpdateItem", **change)).item.quantity == 8
    lines = [order_pb2.Line(item_id=item.item_id, quantity=1)]
    await buyer.do("order", "PlaceOrder", request_id="key", lines=lines)
    assert (await seller.do("catalog", "UpdateItem", **change)).item.quantity == 7
    assert await seller.refusal("catalog", "UpdateItem", **change | {"quantity_delta": 6}) == (
        3,
        "IDEMPOTENCY_KEY_REUSED",
    )


async def test_keys_of_accounts_belong_to_the_clients_address(monolith):
    new = {"username": "ann", "password": "a long enough password", "role": account_pb2.ROLE_BUYER}
    near, also_near = [Visitor(await monolith.connect("127.0.0.1")) for _ in range(2)]
    far = Visitor(await monolith.connect("127.0.0.2"))
    first = await near.do("account", "CreateAccount", request_id="key", **new)
    assert await also_near.do("account", "CreateAccount", request_id="key", **new) == first
    other = new | {"username": "bob"}
    assert await near.refusal("account", "CreateAccount", request_id="key", **other) == (3, "IDEMPOTENCY_KEY_REUSED")
    assert (await far.do("account", "CreateAccount", request_id="key", **other)).account.username == "bob"


async def test_ten_buyers_cannot_buy_more_than_there_is(seller, visitor):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", **ITEM)).item
    buyers = [await visitor(account_pb2.ROLE_BUYER) for _ in range(10)]
    lines = [order_pb2.Line(item_id=item.item_id, quantity=1)]
    purchases = [buyer.do("order", "PlaceOrder", request_id="key", lines=lines) for buyer in buyers]
    outcomes = await asyncio.gather(*purchases, return_exceptions=True)
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Exception)]
    assert reasons == ["OUT_OF_STOCK"] * 7
    assert (await seller.do("catalog", "BatchGetItems", item_ids=[item.item_id])).items[0].quantity == 0


async def test_a_cart_bought_under_two_keys_at_once_makes_one_order(seller, buyer, visitor):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", **ITEM)).item
    await buyer.do("order", "AddCartItem", request_id="1", item_id=item.item_id, quantity=2)
    other = await visitor()
    other.client.token = buyer.client.token
    purchases = [each.do("order", "PlaceOrder", request_id=key) for each, key in ((buyer, "2"), (other, "3"))]
    outcomes = await asyncio.gather(*purchases, return_exceptions=True)
    [refused] = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert (refused.code, refused.reason) in {(9, "CART_BOUGHT"), (9, "CART_EMPTY")}
    assert len((await buyer.do("order", "ListOrders")).orders) == 1
    assert (await seller.do("catalog", "BatchGetItems", item_ids=[item.item_id])).items[0].quantity == 1


async def test_refusals_of_buying_carry_their_reasons(buyer):
    unknown = [order_pb2.Line(item_id="999999", quantity=1)]
    nonsense = [order_pb2.Line(item_id="lamp", quantity=1)]
    assert await buyer.refusal("order", "PlaceOrder", request_id="1", lines=unknown) == (5, "ITEM_NOT_FOUND")
    assert await buyer.refusal("order", "PlaceOrder", request_id="2", lines=nonsense) == (5, "ITEM_NOT_FOUND")
    assert await buyer.refusal("order", "PlaceOrder", request_id="3") == (9, "CART_EMPTY")
    assert await buyer.refusal("review", "LeaveFeedback", request_id="4", item_id="1", vote=1) == (7, "ITEM_NOT_BOUGHT")


async def test_only_who_is_signed_in_with_the_right_role_may_act(visitor, seller, buyer):
    stranger = await visitor()
    assert await stranger.refusal("order", "GetCart") == (16, "SESSION_REQUIRED")
    stranger.client.token = "made up"
    assert await stranger.refusal("order", "GetCart") == (16, "SESSION_ENDED")
    assert await seller.refusal("order", "GetCart") == (7, "WRONG_ROLE")
    assert await buyer.refusal("catalog", "ListSellerItems") == (7, "WRONG_ROLE")
    assert (await seller.do("review", "BatchGetSellerRatings", seller_ids=["x"])).ratings


async def test_nobody_acts_in_somebody_elses_name(seller, buyer):
    item = (await seller.do("catalog", "RegisterItem", request_id="1", seller_id="somebody else", **ITEM)).item
    assert item.seller_id == seller.account_id
    order = (
        await buyer.do(
            "order",
            "PlaceOrder",
            request_id="1",
            buyer_id="somebody else",
            lines=[order_pb2.Line(item_id=item.item_id, quantity=1)],
        )
    ).order
    assert order.buyer_id == buyer.account_id


async def test_a_session_that_was_ended_is_over_at_once(buyer, visitor):
    other_connection = await visitor()
    other_connection.client.token = buyer.client.token
    await other_connection.do("order", "GetCart")
    await buyer.do("account", "DeleteSession")
    assert await buyer.refusal("order", "GetCart") == (16, "SESSION_ENDED")
    assert await other_connection.refusal("order", "GetCart") == (16, "SESSION_ENDED")


async def test_wrong_credentials_open_no_session(visitor):
    stranger = await visitor()
    refused = await stranger.refusal("account", "CreateSession", username="nobody", password="wrong password")
    assert refused == (16, "WRONG_CREDENTIALS")
