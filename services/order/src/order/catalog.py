"""What orders need of the catalog. `clients` brings it over gRPC; the monolith hands in the catalog itself."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from chassis.errors import Refusal
from order.domain import Lines, Memo, Order, OrderLine
from order.errors import UnreadableReservation


@dataclass(frozen=True, slots=True)
class Item:
    """An item at today's price."""

    item_id: str
    name: str
    price_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class StockRequest:
    """Stock for one order; with no lines, the order is rejected as an empty cart unless it has a decision already.

    Of several orders with the same claim, one gets stock.
    """

    order_id: UUID
    lines: Lines
    memo: Memo
    claim: UUID | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock that is an order's for good, at fixed prices: all that is needed to record the order.

    Without a memo it was made by no order service, or by one of a later version.
    """

    order_id: UUID
    lines: tuple[OrderLine, ...]
    currency: str
    memo: Memo | None
    created_at: datetime

    def to_order(self) -> Order:
        """Raises UnreadableReservation."""
        memo = self.memo
        if memo is None:
            raise UnreadableReservation
        return Order(self.order_id, memo.buyer_id, memo.request_digest, self.lines, self.currency, self.created_at)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An order that gets no stock, for good: what its buyer is told, and whose request it was.

    A catalog of an earlier version sends no memo, and keeps no rejections.
    """

    error: Refusal
    memo: Memo | None


Decision = Reservation | Rejection


class Catalog(Protocol):
    """Every method may also raise Unavailable or DeadlineExceeded; each may then be called again."""

    async def get_items(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """Items by id; unknown ones are left out."""

    async def reserve(self, request: StockRequest) -> Decision:
        """The order's decision, made now or earlier.

        It is rejected as OutOfStock, ItemNotFound, MixedCurrencies, CartBought when another order has the claim, and
        CartEmpty when no lines were given.
        """

    async def list_open_reservations(
        self, min_age_ms: int, limit: int, skip: Collection[UUID] = ()
    ) -> list[Reservation]:
        """Reservations whose orders were not settled, oldest first, without those of the orders in `skip`."""

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        """Say that these orders are recorded."""
