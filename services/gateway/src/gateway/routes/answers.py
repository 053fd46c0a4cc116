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
from gateway.clients.account import ROLE_NAMES

Json = dict[str, Any]

CONDITIONS: Final = {"new": catalog_pb2.CONDITION_NEW, "used": catalog_pb2.CONDITION_USED}
_CONDITION_NAMES: Final = {condition: name for name, condition in CONDITIONS.items()}
_STATE_NAMES: Final = {order_pb2.ORDER_STATE_CONFIRMED: "CONFIRMED"}


def answer(document: Any, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(document), status, headers, "application/json")


def answer_read(document: Any, source: str) -> Response:
    """An answer that a cache may have given."""
    return answer(document, headers={"x-cache": source})


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


def items_json(page: catalog_pb2.SearchItemsResponse | catalog_pb2.ListSellerItemsResponse) -> Json:
    return {"items": [item_json(item) for item in page.items], "next_page_token": page.next_page_token}


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
            {"item_id": line.item_id, "quantity": line.quantity, "price_cents": line.price_cents}
            for line in order.lines
        ],
        "total_cents": order.total_cents,
        "created_at": order.create_time.ToJsonString(),
    }


def orders_json(page: order_pb2.ListOrdersResponse) -> Json:
    return {"orders": [order_json(order) for order in page.orders], "next_page_token": page.next_page_token}
