"""Examples of problems for the OpenAPI document: one for each reason that a response's description names."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import orjson

from gateway.problems import FieldProblem, Problem

_REASON: Final = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|INTERNAL)`")
_REQUEST_ID: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
_ITEM: Final = {"item_id": "1"}


class _Known(NamedTuple):
    """What an answer with a reason says besides it."""

    detail: str
    metadata: Mapping[str, str] = {}
    errors: tuple[FieldProblem, ...] = ()


# Reasons without an entry have a detail made of their own words.
_KNOWN: Final = {
    "ALBUM_NOT_FOUND": _Known("there is no such album", {"album_id": "404"}),
    "BODY_TOO_LARGE": _Known("the body may have 65536 bytes"),
    "BOOK_NOT_FOUND": _Known("there is no such book", {"id": "8"}),
    "CART_EMPTY": _Known("the cart is empty"),
    "CART_FULL": _Known("the cart holds 100 different items already"),
    "DEADLINE_EXCEEDED": _Known("the deadline passed"),
    "FEEDBACK_GIVEN": _Known("feedback on this item was given already", _ITEM),
    "IDEMPOTENCY_KEY_REUSED": _Known(
        "this Idempotency-Key was sent before with another request",
        errors=(FieldProblem("Idempotency-Key", "this Idempotency-Key was sent before with another request"),),
    ),
    "INTERNAL": _Known("an internal error occurred"),
    "INVALID_FIELD": _Known(
        "quantity: Input should be less than or equal to 1000000",
        errors=(FieldProblem("quantity", "Input should be less than or equal to 1000000"),),
    ),
    "ITEM_NOT_BOUGHT": _Known("only who bought an item may leave feedback on it", _ITEM),
    "ITEM_NOT_FOUND": _Known("there is no such item", {"item_id": "404"}),
    "MIXED_CURRENCIES": _Known("item 1 is priced in another currency than the rest", _ITEM),
    "NOT_ITEM_OWNER": _Known("the item belongs to another seller"),
    "ORDER_NOT_FOUND": _Known("there is no such order"),
    "OUT_OF_STOCK": _Known("there are not enough units of item 1 left", _ITEM),
    "SELLER_NOT_FOUND": _Known("there is no such seller", {"seller_id": "nobody"}),
    "SESSION_ENDED": _Known("the token belongs to no live session, sign in again"),
    "SESSION_REQUIRED": _Known("sign in and send the token as `Authorization: Bearer TOKEN`"),
    "TIER_DOWN": _Known("a needed service is not available"),
    "UNREADABLE_JSON": _Known("the body is not JSON"),
    "UNSUPPORTED_MEDIA_TYPE": _Known("send JSON, with `content-type: application/json`"),
    "USERNAME_TAKEN": _Known("the username is taken"),
    "WRONG_CREDENTIALS": _Known("username or password is wrong"),
    "WRONG_ROLE": _Known("only a buyer may do this", {"role": "buyer"}),
}


def examples_of(status: str, description: str) -> dict[str, Any]:
    """OpenAPI examples by reason, in the order in which the description names them."""
    reasons = dict.fromkeys(_REASON.findall(description))
    return {reason: {"value": _example(HTTPStatus(int(status)), reason)} for reason in reasons}


def _example(status: HTTPStatus, reason: str) -> dict[str, Any]:
    known = _KNOWN.get(reason) or _Known(reason.replace("_", " ").lower())
    document: dict[str, Any] = orjson.loads(
        Problem(status, reason, known.detail, known.errors, dict(known.metadata)).body()
    )
    return document | {"request_id": _REQUEST_ID}
