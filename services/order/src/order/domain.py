"""Orders, carts, and the rules that need no store."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid5

from chassis.errors import InvalidField
from chassis.money import MAX_UNITS

MAX_LINES: Final = 100
MAX_QUANTITY: Final = 1_000_000
MAX_REQUEST_ID_LENGTH: Final = 200
# So that a full batch of full orders fits a message, whatever characters the ids are made of.
MAX_ITEM_ID_BYTES: Final = 64
_ORDERS: Final = UUID("5f3c1f7e-8a43-4f0e-9a3d-6d1f0c6f2b11")
_DIGEST_BYTES: Final = 32
_CART_DIGEST: Final = hashlib.sha256(b"cart").digest()

Lines = Mapping[str, int]
"""Units by item id."""


@dataclass(frozen=True, slots=True)
class CartOwner:
    """The session a cart belongs to, and its buyer."""

    session_id: UUID
    buyer_id: str
    session_created_at: datetime


@dataclass(frozen=True, slots=True)
class CartContents:
    """What a cart holds, and the claim that an order makes on it: of orders with the same claim, one gets stock."""

    lines: Lines
    claim: UUID


@dataclass(frozen=True, slots=True)
class CartLine:
    item_id: str
    quantity: int
    name: str
    price_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Cart:
    lines: tuple[CartLine, ...]

    @property
    def total_cents(self) -> int:
        return sum(line.quantity * line.price_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class OrderLine:
    item_id: str
    quantity: int
    price_cents: int
    seller_id: str
    # As the item was called when its price was fixed; empty on lines from before names were kept.
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase that stands. Prices are those of the reservation, never the client's."""

    order_id: UUID
    buyer_id: str
    request_digest: bytes
    lines: tuple[OrderLine, ...]
    currency: str
    created_at: datetime

    @property
    def total_cents(self) -> int:
        return sum(line.quantity * line.price_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Newest first; the token is empty on the last page."""

    orders: list[Order]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Memo:
    """What the catalog keeps beside a reservation, so that any replica can finish the order a dead one began.

    `session_id` is that of the cart that was bought; None when the lines were given.
    """

    buyer_id: str
    request_digest: bytes
    session_id: UUID | None

    def to_bytes(self) -> bytes:
        session = str(self.session_id) if self.session_id else None
        return json.dumps([self.buyer_id, self.request_digest.hex(), session]).encode()

    @classmethod
    def from_bytes(cls, memo: bytes) -> Self | None:
        """None for what `to_bytes` never wrote, so that one odd memo stops nothing but its own order."""
        try:
            buyer_id, digest, session = json.loads(memo)
            read = cls(buyer_id, bytes.fromhex(digest), UUID(session) if session else None)
        except (AttributeError, TypeError, ValueError, RecursionError):
            return None
        return read if isinstance(buyer_id, str) and len(read.request_digest) == _DIGEST_BYTES else None


def order_id_of(buyer_id: str, request_id: str) -> UUID:
    """The one order a buyer's idempotency key can make, whichever replica is asked."""
    return uuid5(_ORDERS, f"{buyer_id}\0{request_id}")


def digest_of(lines: Lines | None) -> bytes:
    """Tells requests under one key apart. The cart is one request whatever is in it, and so is None."""
    if lines is None:
        return _CART_DIGEST
    return hashlib.sha256(json.dumps(sorted(lines.items())).encode()).digest()


def merge_lines(lines: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Lines of the same item count together. Raises InvalidField."""
    merged: dict[str, int] = {}
    for item_id, quantity in lines:
        check_item_id(item_id)
        check_quantity(quantity)
        merged[item_id] = merged.get(item_id, 0) + quantity
        check_quantity(merged[item_id])
    if len(merged) > MAX_LINES:
        raise InvalidField("lines", f"must be at most {MAX_LINES}")
    check_units(merged)
    return merged


def check_units(lines: Lines) -> None:
    if sum(lines.values()) > MAX_UNITS:
        raise InvalidField("quantity", f"must be at most {MAX_UNITS} in all lines together")


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidField("quantity", f"must be from 1 to {MAX_QUANTITY}")


def check_item_id(item_id: str) -> None:
    if not item_id.isprintable() or not 1 <= len(item_id.encode()) <= MAX_ITEM_ID_BYTES:
        raise InvalidField("item_id", f"must be printable text of 1 to {MAX_ITEM_ID_BYTES} bytes")


def check_request_id(request_id: str) -> None:
    if not 1 <= len(request_id) <= MAX_REQUEST_ID_LENGTH or not request_id.isprintable():
        raise InvalidField("request_id", f"must be 1 to {MAX_REQUEST_ID_LENGTH} printable characters")
