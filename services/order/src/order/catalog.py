"""What orders need of the catalog. `clients` brings it over gRPC; the monolith hands in the catalog itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from order.domain import Lines, Memo, Order, OrderLine


@dataclass(frozen=True, slots=True)
class Item:
    """An item at today's price."""

    item_id: str
    name: str
    price_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class StockRequest:
    """Stock for one order; with no lines, only the reservation it may already have.

    Of several orders with the same claim, one gets stock.
    """

    order_id: UUID
    lines: Lines
    memo: Memo
    claim: UUID | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Stock that is an order's for good, at fixed prices: all that is needed to record the order."""

    order_id: UUID
    lines: tuple[OrderLine, ...]
    currency: str
    memo: Memo
    created_at: datetime

    def to_order(self) -> Order:
        memo = self.memo
        return Order(self.order_id, memo.buyer_id, memo.request_digest, self.lines, self.currency, self.created_at)


class Catalog(Protocol):
    """Every method may also raise Unavailable or DeadlineExceeded; each may then be called again."""

    async def get_items(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """Items by id; unknown ones are left out."""

    async def reserve(self, request: StockRequest) -> Reservation:
        """The order's reservation, made now or earlier.

        Raises OutOfStock, ItemNotFound, MixedCurrencies, CartBought when another order has the claim, and CartEmpty
        when no lines were given.
        """

    async def list_open_reservations(self, min_age_ms: int, limit: int) -> list[Reservation]:
        """Reservations whose orders were not settled, oldest first."""

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        """Say that these orders are recorded."""
