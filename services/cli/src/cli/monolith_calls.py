"""Each operation as a call of the socket protocol: its method, its request message, and the JSON of its response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from agora.account.v1 import account_pb2 as account
from agora.catalog.v1 import catalog_pb2 as catalog
from agora.order.v1 import order_pb2 as order
from agora.review.v1 import review_pb2 as review
from cli import operations
from cli.operations import Operation
from cli.transport import Answer

Fields = Mapping[str, Any]

_LARGEST_PAGE: Final = 500
_ROLES: Final = {"buyer": account.ROLE_BUYER, "seller": account.ROLE_SELLER}
_CONDITIONS: Final = {"new": catalog.CONDITION_NEW, "used": catalog.CONDITION_USED}
_VOTES: Final = {"up": review.VOTE_UP, "down": review.VOTE_DOWN}
# Where the JSON of the contract says it in other words than the message.
_WORDS: Final = {
    "CONDITION_NEW": "new",
    "CONDITION_USED": "used",
    "ROLE_BUYER": "buyer",
    "ROLE_SELLER": "seller",
    "ORDER_STATE_CONFIRMED": "CONFIRMED",
}
_NAMES: Final = {"create_time": "created_at", "expire_time": "expires_at"}
_LEFT_OUT: Final = {"topic", "buyer_id", "session_id", "token_hash"}


class Absent(Exception):
    """What was asked for is not there."""


@dataclass(frozen=True)
class Call:
    """`request` is given the operation's fields and its idempotency key."""

    method: str
    response_type: type[Message]
    request: Callable[[Fields, str], Message]
    document: Callable[[Any], Answer]


def document_of(message: Message) -> dict[str, Any]:
    """The JSON object that the contract has for a message."""
    return {
        _NAMES.get(field.name, field.name): _value(field, getattr(message, field.name))
        for field in message.DESCRIPTOR.fields
        if field.name not in _LEFT_OUT
    }


def _value(field: Any, value: Any) -> Any:
    if field.is_repeated:
        return [document_of(each) if field.message_type else each for each in value]
    if field.message_type:
        is_moment = field.message_type.full_name == "google.protobuf.Timestamp"
        return value.ToJsonString() if is_moment else document_of(value)
    if field.enum_type:
        return _WORDS[field.enum_type.values_by_number[value].name]
    return value


def _search(fields: Fields) -> Message:
    renamed = {"keyword": "keywords", "q": "text"}
    return catalog.SearchItemsRequest(**{renamed.get(name, name): value for name, value in fields.items()})


def _item_request(fields: Fields, key: str) -> Message:
    return catalog.RegisterItemRequest(
        **{**fields, "condition": _CONDITIONS[fields["condition"]]},
        request_id=key,
    )


def _place_order(fields: Fields, key: str) -> Message:
    lines = [order.Line(**line) for line in fields.get("lines", [])]
    return order.PlaceOrderRequest(request_id=key, lines=lines)


def _session(response: account.CreateSessionResponse) -> Answer:
    return {"token": response.token} | document_of(response.session)


def _item(response: catalog.BatchGetItemsResponse) -> Answer:
    if not response.items:
        raise Absent("there is no such item")
    return document_of(response.items[0])


def _book(response: catalog.BatchGetItemsResponse) -> Answer:
    books = [item for item in response.items if item.topic]
    if not books:
        raise Absent("there is no such book")
    book = books[0]
    return {
        "id": int(book.item_id),
        "title": book.name,
        "topic": book.topic,
        "cost": book.price_cents / 100,
        "count": book.quantity,
    }


def _titles(response: catalog.SearchItemsResponse) -> Answer:
    return [{"id": int(item.item_id), "title": item.name} for item in response.items]


def _call(
    service: str, response_type: type[Message], request: Callable[[Fields, str], Message], answer: str | None = None
) -> Call:
    """`answer` names the part of the response that the contract answers with; the whole when left out."""
    name = response_type.DESCRIPTOR.name.removesuffix("Response")
    part = (lambda response: document_of(getattr(response, answer))) if answer else document_of
    return Call(f"{service}/{name}", response_type, request, part)


_ACCOUNT: Final = "agora.account.v1.AccountService"
_CATALOG: Final = "agora.catalog.v1.CatalogService"
_ORDER: Final = "agora.order.v1.OrderService"
_REVIEW: Final = "agora.review.v1.ReviewService"


def _items_by_id(name: str, document: Callable[[Any], Answer]) -> Call:
    return Call(
        f"{_CATALOG}/BatchGetItems",
        catalog.BatchGetItemsResponse,
        lambda fields, _: catalog.BatchGetItemsRequest(item_ids=[str(fields[name])]),
        document,
    )


# `BUY_BOOK` is not here: over a socket only a buyer who is signed in can buy.
CALLS: Final[Mapping[Operation, Call]] = {
    operations.FIND_BOOKS: Call(
        f"{_CATALOG}/SearchItems",
        catalog.SearchItemsResponse,
        lambda fields, _: catalog.SearchItemsRequest(topic=fields["topic"], page_size=_LARGEST_PAGE),
        _titles,
    ),
    operations.GET_BOOK: _items_by_id("id", _book),
    operations.GET_ITEM: _items_by_id("item_id", _item),
    operations.CREATE_ACCOUNT: _call(
        _ACCOUNT,
        account.CreateAccountResponse,
        lambda fields, key: account.CreateAccountRequest(
            request_id=key, username=fields["username"], password=fields["password"], role=_ROLES[fields["role"]]
        ),
        "account",
    ),
    operations.CREATE_SESSION: Call(
        f"{_ACCOUNT}/CreateSession",
        account.CreateSessionResponse,
        lambda fields, _: account.CreateSessionRequest(**fields),
        _session,
    ),
    operations.DELETE_SESSION: _call(
        _ACCOUNT, account.DeleteSessionResponse, lambda _, __: account.DeleteSessionRequest()
    ),
    operations.SEARCH_ITEMS: _call(_CATALOG, catalog.SearchItemsResponse, lambda fields, _: _search(fields)),
    operations.REGISTER_ITEM: _call(_CATALOG, catalog.RegisterItemResponse, _item_request, "item"),
    operations.UPDATE_ITEM: _call(
        _CATALOG,
        catalog.UpdateItemResponse,
        lambda fields, key: catalog.UpdateItemRequest(request_id=key, **fields),
        "item",
    ),
    operations.LIST_OWN_ITEMS: _call(
        _CATALOG, catalog.ListSellerItemsResponse, lambda fields, _: catalog.ListSellerItemsRequest(**fields)
    ),
    operations.GET_CART: _call(_ORDER, order.GetCartResponse, lambda _, __: order.GetCartRequest(), "cart"),
    operations.ADD_CART_ITEM: _call(
        _ORDER,
        order.AddCartItemResponse,
        lambda fields, key: order.AddCartItemRequest(request_id=key, **fields),
        "cart",
    ),
    operations.REMOVE_CART_ITEM: _call(
        _ORDER,
        order.RemoveCartItemResponse,
        lambda fields, key: order.RemoveCartItemRequest(request_id=key, **fields),
        "cart",
    ),
    operations.CLEAR_CART: _call(
        _ORDER, order.ClearCartResponse, lambda _, key: order.ClearCartRequest(request_id=key), "cart"
    ),
    operations.SAVE_CART: _call(
        _ORDER, order.SaveCartResponse, lambda _, key: order.SaveCartRequest(request_id=key), "cart"
    ),
    operations.PLACE_ORDER: _call(_ORDER, order.PlaceOrderResponse, _place_order, "order"),
    operations.LIST_ORDERS: _call(
        _ORDER, order.ListOrdersResponse, lambda fields, _: order.ListOrdersRequest(**fields)
    ),
    operations.GET_ORDER: _call(
        _ORDER, order.GetOrderResponse, lambda fields, _: order.GetOrderRequest(**fields), "order"
    ),
    operations.LEAVE_FEEDBACK: _call(
        _REVIEW,
        review.LeaveFeedbackResponse,
        lambda fields, key: review.LeaveFeedbackRequest(
            request_id=key, item_id=fields["item_id"], vote=_VOTES[fields["vote"]]
        ),
        "rating",
    ),
    operations.GET_SELLER_RATING: Call(
        f"{_REVIEW}/BatchGetSellerRatings",
        review.BatchGetSellerRatingsResponse,
        lambda fields, _: review.BatchGetSellerRatingsRequest(seller_ids=[fields["seller_id"]]),
        lambda response: document_of(response.ratings[0]),
    ),
}
