"""Messages of the services as the JSON of the contract, and that JSON as an answer."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import Response

from agora.account.v1 import account_pb2
from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2
from agora.review.v1 import review_pb2
from gateway.cache.reads import Items, ShownItem, ShownRating
from gateway.clients.account import ROLE_NAMES
from gateway.versions import etag_of

Json = dict[str, Any]

CONDITIONS: Final = {"new": catalog_pb2.CONDITION_NEW, "used": catalog_pb2.CONDITION_USED}
_CONDITION_NAMES: Final = {condition: name for name, condition in CONDITIONS.items()}
_STATE_NAMES: Final = {order_pb2.ORDER_STATE_CONFIRMED: "CONFIRMED"}


def answer(document: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(document), status, headers, "application/json")


def answer_read(document: Any, source: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that a cache may have given."""
    return answer_json(orjson.dumps(document), source, headers)


def answer_json(body: bytes, source: str, headers: Mapping[str, str] | None = None) -> Response:
    """The same with a document that is JSON already."""
    return Response(body, HTTPStatus.OK, {"x-cache": source, **(headers or {})}, "application/json")


def answer_item(item: catalog_pb2.Item, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return answer(item_json(item), status, {"etag": etag_of(item)})


def account_json(account: account_pb2.Account) -> Json:
    return {"account_id": account.account_id, "username": account.username, "role": ROLE_NAMES[account.role]}


def session_json(session: account_pb2.Session, token: str) -> Json:
    return {
        "token": token,
        "account_id": session.account_id,
        "role": ROLE_NAMES[session.role],
        "expires_at": session.expire_time.ToJsonString(),
    }


def item_json(item: catalog_pb2.Item) -> Json:
    return {
        "item_id": item.item_id,
        "name": item.name,
        "category": item.category,
        "keywords": list(item.keywords),
        "condition": _CONDITION_NAMES[item.condition],
        "price_cents": item.price_cents,
        "currency": item.currency,
        "quantity": item.quantity,
        "seller_id": item.seller_id,
        "created_at": item.create_time.ToJsonString(),
        "version": item.version,
    }


def item_bytes(item: ShownItem) -> bytes:
    """The item's JSON, made once however often the item is shown."""
    if item.json is None:
        item.json = orjson.dumps(item_json(item.message))
    return item.json


def items_bytes(page: Items) -> bytes:
    items = b",".join(map(item_bytes, page.items))
    return b'{"items":[%b],"next_page_token":%b}' % (items, orjson.dumps(page.next_page_token))


def rating_bytes(rating: ShownRating) -> bytes:
    if rating.json is None:
        rating.json = orjson.dumps(rating_json(rating.message))
    return rating.json


def rating_json(rating: review_pb2.SellerRating) -> Json:
    return {"seller_id": rating.seller_id, "thumbs_up": rating.thumbs_up, "thumbs_down": rating.thumbs_down}


def cart_json(cart: order_pb2.Cart) -> Json:
    lines = [
        {
            "item_id": line.item_id,
            "quantity": line.quantity,
            "name": line.name,
            "price_cents": line.price_cents,
            "currency": line.currency,
        }
        for line in cart.lines
    ]
    return {"lines": lines, "total_cents": cart.total_cents}


def order_json(order: order_pb2.Order) -> Json:
    return {
        "order_id": order.order_id,
        "state": _STATE_NAMES[order.state],
        "lines": [
            {
                "item_id": line.item_id,
                "quantity": line.quantity,
                "name": line.name,
                "price_cents": line.price_cents,
            }
            for line in order.lines
        ],
        "total_cents": order.total_cents,
        "currency": order.currency,
        "created_at": order.create_time.ToJsonString(),
    }


def orders_json(page: order_pb2.ListOrdersResponse) -> Json:
    return {"orders": [order_json(order) for order in page.orders], "next_page_token": page.next_page_token}
