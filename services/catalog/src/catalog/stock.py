"""How stock is handed to orders: the decision alone, with no store and no clock.

`allocate` decides a whole batch at once, because one transaction for many orders is what a hot item needs
(test_a_hundred_buyers_of_one_item_are_served_by_few_transactions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from math import inf
from typing import Final
from uuid import UUID

from chassis.errors import InvalidField

MAX_LINES: Final = 100
MAX_LINE_QUANTITY: Final = 1_000_000
MAX_MEMO_BYTES: Final = 1024
MAX_ITEM_ID_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class StockRequest:
    """Units wanted for one order, by item; with none, the order is rejected unless it has a decision already.

    Raises InvalidField for what is not allowed.
    """

    order_id: UUID
    lines: Mapping[int, int]
    memo: bytes
    # The first line whose id can be no item's; the order is rejected as for one that is not there.
    unknown_item_id: str = ""
    # Of several orders with the same claim, one gets stock.
    claim: UUID | None = None
    # How long the sender of this order waits; infinite for as long as the call lasts.
    timeout_s: float = inf

    def __post_init__(self) -> None:
        if len(self.lines) > MAX_LINES:
            raise InvalidField("lines", f"must be at most {MAX_LINES}")
        if not all(1 <= quantity <= MAX_LINE_QUANTITY for quantity in self.lines.values()):
            raise InvalidField("quantity", f"must be from 1 to {MAX_LINE_QUANTITY}")
        if len(self.memo) > MAX_MEMO_BYTES:
            raise InvalidField("memo", f"must have at most {MAX_MEMO_BYTES} bytes")
        # It is stored with the rejection.
        if not self.unknown_item_id.isprintable() or len(self.unknown_item_id.encode()) > MAX_ITEM_ID_BYTES:
            raise InvalidField("item_id", f"must be printable and have at most {MAX_ITEM_ID_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class StockedItem:
    """An item's row while it is locked."""

    quantity: int
    price_cents: int
    currency: str
    seller_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReservedLine:
    item_id: int
    quantity: int
    price_cents: int
    seller_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock that belongs to an order for good."""

    order_id: UUID
    lines: tuple[ReservedLine, ...]
    currency: str
    memo: bytes
    created_at: datetime
    claim: UUID | None


class RejectionReason(Enum):
    OUT_OF_STOCK = "OUT_OF_STOCK"
    ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
    MIXED_CURRENCIES = "MIXED_CURRENCIES"
    NO_LINES = "NO_LINES"
    CLAIM_TAKEN = "CLAIM_TAKEN"


@dataclass(frozen=True, slots=True)
class Rejection:
    """An order that gets no stock, for good: the first item that stood in the way, and how."""

    order_id: UUID
    reason: RejectionReason
    item_id: str
    memo: bytes


Decision = Reservation | Rejection


@dataclass(frozen=True, slots=True)
class Allocation:
    """Decisions for a batch by order id, what is new among them, and the units taken by item."""

    decisions: dict[UUID, Decision] = field(default_factory=dict)
    made: list[Reservation] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)


def allocate(
    requests: Sequence[StockRequest],
    items: Mapping[int, StockedItem],
    known: Mapping[UUID, Decision],
    claimed: set[UUID],
    now: datetime,
) -> Allocation:
    """Serve requests in order from locked rows.

    An order in `known`, or twice in the batch, is not decided again, and of `claimed` nothing is had again.
    """
    allocation = Allocation(decisions=dict(known))
    claims = set(claimed)
    for request in requests:
        if request.order_id in allocation.decisions:
            continue
        decision = (
            _rejection_of_claim(request, claims)
            or _rejection(request, items, allocation.taken)
            or _reserve(request, items, allocation.taken, now)
        )
        allocation.decisions[request.order_id] = decision
        if isinstance(decision, Rejection):
            allocation.rejected.append(decision)
            continue
        allocation.made.append(decision)
        if decision.claim is not None:
            claims.add(decision.claim)
    return allocation


def _rejection_of_claim(request: StockRequest, claims: set[UUID]) -> Rejection | None:
    return _rejected(request, RejectionReason.CLAIM_TAKEN) if request.claim in claims else None


def _rejection(request: StockRequest, items: Mapping[int, StockedItem], taken: Mapping[int, int]) -> Rejection | None:
    if request.unknown_item_id:
        return _rejected(request, RejectionReason.ITEM_NOT_FOUND, request.unknown_item_id)
    if not request.lines:
        return _rejected(request, RejectionReason.NO_LINES)
    currencies: set[str] = set()
    for item_id, quantity in sorted(request.lines.items()):
        item = items.get(item_id)
        if item is None:
            return _rejected(request, RejectionReason.ITEM_NOT_FOUND, str(item_id))
        currencies.add(item.currency)
        if len(currencies) > 1:
            return _rejected(request, RejectionReason.MIXED_CURRENCIES, str(item_id))
        if item.quantity - taken.get(item_id, 0) < quantity:
            return _rejected(request, RejectionReason.OUT_OF_STOCK, str(item_id))
    return None


def _rejected(request: StockRequest, reason: RejectionReason, item_id: str = "") -> Rejection:
    return Rejection(request.order_id, reason, item_id, request.memo)


def _reserve(
    request: StockRequest, items: Mapping[int, StockedItem], taken: dict[int, int], now: datetime
) -> Reservation:
    lines = []
    for item_id, quantity in sorted(request.lines.items()):
        item = items[item_id]
        taken[item_id] = taken.get(item_id, 0) + quantity
        lines.append(ReservedLine(item_id, quantity, item.price_cents, item.seller_id, item.name))
    currency = items[lines[0].item_id].currency
    return Reservation(request.order_id, tuple(lines), currency, request.memo, now, request.claim)
