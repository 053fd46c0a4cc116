"""How stock is handed to orders: the decision alone, with no store and no clock.

`allocate` decides a whole batch at once, because one transaction for many orders is what a hot item needs
(test_a_hundred_buyers_of_one_item_are_served_by_few_transactions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

from chassis.errors import InvalidField

MAX_LINES: Final = 100
MAX_LINE_QUANTITY: Final = 1_000_000
MAX_MEMO_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class StockRequest:
    """Units wanted for one order, by item; with none, only a reservation that exists is wanted.

    Raises InvalidField for what is not allowed.
    """

    order_id: UUID
    lines: Mapping[int, int]
    memo: bytes
    # The first line whose id never was an item's; it is refused like one that is not there.
    unknown_item_id: str = ""
    # Of several orders with the same claim, one gets stock.
    claim: UUID | None = None

    def __post_init__(self) -> None:
        if len(self.lines) > MAX_LINES:
            raise InvalidField("lines", f"must be at most {MAX_LINES}")
        if not all(1 <= quantity <= MAX_LINE_QUANTITY for quantity in self.lines.values()):
            raise InvalidField("quantity", f"must be from 1 to {MAX_LINE_QUANTITY}")
        if len(self.memo) > MAX_MEMO_BYTES:
            raise InvalidField("memo", f"must have at most {MAX_MEMO_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class StockedItem:
    """An item's row while it is locked."""

    quantity: int
    price_cents: int
    currency: str
    seller_id: str


@dataclass(frozen=True, slots=True)
class ReservedLine:
    item_id: int
    quantity: int
    price_cents: int
    seller_id: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock that belongs to an order for good."""

    order_id: UUID
    lines: tuple[ReservedLine, ...]
    currency: str
    memo: bytes
    created_at: datetime
    claim: UUID | None


class RefusalReason(Enum):
    OUT_OF_STOCK = "OUT_OF_STOCK"
    ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
    MIXED_CURRENCIES = "MIXED_CURRENCIES"
    NO_LINES = "NO_LINES"
    CLAIM_TAKEN = "CLAIM_TAKEN"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first item that stood in the way, and how."""

    reason: RefusalReason
    item_id: str


Outcome = Reservation | Refusal


@dataclass(frozen=True, slots=True)
class Allocation:
    """Decisions for a batch: an outcome for each order id, what is new among them, and the units taken by item."""

    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    made: list[Reservation] = field(default_factory=list)
    taken: dict[int, int] = field(default_factory=dict)


def allocate(
    requests: Sequence[StockRequest],
    items: Mapping[int, StockedItem],
    known: Mapping[UUID, Reservation],
    claimed: set[UUID],
    now: datetime,
) -> Allocation:
    """Serve requests in order from locked rows.

    An order in `known`, or twice in the batch, is not served again, and of `claimed` nothing is had again.
    """
    allocation = Allocation(outcomes=dict(known))
    claims = set(claimed)
    for request in requests:
        if request.order_id in allocation.outcomes:
            continue
        outcome = (
            _refusal_of_claim(request, claims)
            or _refusal(request, items, allocation.taken)
            or _reserve(request, items, allocation.taken, now)
        )
        allocation.outcomes[request.order_id] = outcome
        if isinstance(outcome, Reservation):
            allocation.made.append(outcome)
            if outcome.claim is not None:
                claims.add(outcome.claim)
    return allocation


def _refusal_of_claim(request: StockRequest, claims: set[UUID]) -> Refusal | None:
    return Refusal(RefusalReason.CLAIM_TAKEN, "") if request.claim in claims else None


def _refusal(request: StockRequest, items: Mapping[int, StockedItem], taken: Mapping[int, int]) -> Refusal | None:
    if request.unknown_item_id:
        return Refusal(RefusalReason.ITEM_NOT_FOUND, request.unknown_item_id)
    if not request.lines:
        return Refusal(RefusalReason.NO_LINES, "")
    currencies: set[str] = set()
    for item_id, quantity in sorted(request.lines.items()):
        item = items.get(item_id)
        if item is None:
            return Refusal(RefusalReason.ITEM_NOT_FOUND, str(item_id))
        currencies.add(item.currency)
        if len(currencies) > 1:
            return Refusal(RefusalReason.MIXED_CURRENCIES, str(item_id))
        if item.quantity - taken.get(item_id, 0) < quantity:
            return Refusal(RefusalReason.OUT_OF_STOCK, str(item_id))
    return None


def _reserve(
    request: StockRequest, items: Mapping[int, StockedItem], taken: dict[int, int], now: datetime
) -> Reservation:
    lines = []
    for item_id, quantity in sorted(request.lines.items()):
        item = items[item_id]
        taken[item_id] = taken.get(item_id, 0) + quantity
        lines.append(ReservedLine(item_id, quantity, item.price_cents, item.seller_id))
    currency = items[lines[0].item_id].currency
    return Reservation(request.order_id, tuple(lines), currency, request.memo, now, request.claim)
