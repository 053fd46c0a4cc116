"""Stock and the decisions on orders in PostgreSQL. Statements are named in `queries.sql`."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg
from asyncpg import Record

from catalog.stock import (
    Allocation,
    Decision,
    Rejection,
    RejectionReason,
    Reservation,
    ReservedLine,
    StockedItem,
    StockRequest,
)
from chassis.postgres import Database, Transaction, constraint_of

_DECISION_KEYS: Final = ("stock_reservations_pkey", "stock_reservations_claim_key")


@dataclass(frozen=True, slots=True)
class LockedItems:
    """Rows by item id, and the ids of those that other transactions hold."""

    items: dict[int, StockedItem]
    contended: frozenset[int]
    # The start of the transaction, which is also what the reservations get as their created_at.
    locked_at: datetime


class ItemLocked(Exception):
    """Another transaction holds the item."""


class DecidingTransaction:
    """The ledger inside one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock(self, item_ids: Collection[int]) -> LockedItems:
        """Wait for the items and lock them. Raises ItemLocked when another transaction holds one for too long."""
        try:
            rows = await self._transaction.fetch("lock_items", list(item_ids)) if item_ids else []
        except asyncpg.LockNotAvailableError:
            raise ItemLocked from None
        return _locked_items(rows, ())

    async def lock_free(self, item_ids: Collection[int]) -> LockedItems:
        """Lock those of the items that no other transaction holds."""
        rows = await self._transaction.fetch("lock_free_items", list(item_ids)) if item_ids else []
        missing = list(set(item_ids).difference(row["id"] for row in rows))
        contended = await self._transaction.fetch("find_item_ids", missing) if missing else []
        return _locked_items(rows, contended)

    async def find_decisions(self, order_ids: Iterable[UUID]) -> dict[UUID, Decision]:
        rows = await self._transaction.fetch("find_decisions", list(order_ids))
        return {decision.order_id: decision for decision in _decisions(rows)}

    async def find_claims(self, requests: Sequence[StockRequest]) -> set[UUID]:
        """The claims of these requests that an order has."""
        claims = [request.claim for request in requests if request.claim is not None]
        return {row["claim"] for row in await self._transaction.fetch("find_claims", claims)} if claims else set()

    async def record(self, allocation: Allocation, requests: Sequence[StockRequest]) -> None:
        """Record what `requests` were allocated.

        Raises UniqueViolationError when another transaction decided one of the orders, or took one of the claims, and
        LockNotAvailableError when it takes long to do that.
        """
        # Batches that met at no row lock meet at the keys of claims and orders. Taken in one order everywhere, whatever
        # the decisions, these cannot deadlock (test_claims_in_opposite_order_do_not_deadlock,
        # test_two_batches_of_the_same_orders_in_opposite_order_never_wait_in_a_circle).
        keys = {request.order_id: request.claim or request.order_id for request in requests}
        rows = sorted(
            (*map(_reservation_columns, allocation.made), *map(_rejection_columns, allocation.rejected)),
            key=lambda row: keys[row[0]],
        )
        lines = [
            (made.order_id, line.item_id, line.quantity, line.price_cents, line.seller_id, line.name)
            for made in allocation.made
            for line in made.lines
        ]
        await self._transaction.execute(
            "record_decisions",
            *_transposed(rows, 6),
            *_transposed(lines, 6),
            list(allocation.taken.keys()),
            list(allocation.taken.values()),
        )


class Ledger:
    """Reservations and rejections: one decision for each order, for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def connections(self) -> int:
        """Transactions that may run at once."""
        return self._database.pool_size

    @asynccontextmanager
    async def deciding(self, lock_timeout_ms: int) -> AsyncIterator[DecidingTransaction]:
        """A transaction that records decisions. It waits for each item for at most `lock_timeout_ms`."""
        async with self._database.transaction(lock_timeout_ms=lock_timeout_ms) as transaction:
            yield DecidingTransaction(transaction)

    async def list_open_reservations(self, min_age_ms: int, limit: int, skip: Collection[UUID]) -> list[Reservation]:
        """Oldest first."""
        rows = await self._database.fetch("list_open_reservations", min_age_ms, limit, list(skip))
        return [_reservation(group) for group in _by_order(rows)]

    async def settle_reservations(self, order_ids: Sequence[UUID]) -> None:
        await self._database.execute("settle_reservations", order_ids)


def was_decided_meanwhile(error: Exception) -> bool:
    """Whether another replica decided an order, or took its claim, between our look and our insert. That happens when
    the two were asked with different items and so did not meet at a row lock.
    """
    return isinstance(error, asyncpg.UniqueViolationError) and constraint_of(error) in _DECISION_KEYS


def _reservation_columns(made: Reservation) -> tuple[Any, ...]:
    return made.order_id, made.currency, made.memo, made.claim, None, None


def _rejection_columns(rejected: Rejection) -> tuple[Any, ...]:
    return rejected.order_id, "", rejected.memo, None, rejected.reason.value, rejected.item_id


def _transposed(rows: Sequence[tuple[Any, ...]], width: int) -> Iterable[list[Any]]:
    """Columns of `rows`, as `unnest` takes them."""
    return ([row[column] for row in rows] for column in range(width))


def _locked_items(rows: Sequence[Record], contended: Sequence[Record]) -> LockedItems:
    locked_at = rows[0]["locked_at"] if rows else datetime.now(UTC)
    return LockedItems(
        {row["id"]: _stocked_item(row) for row in rows}, frozenset(row["id"] for row in contended), locked_at
    )


def _stocked_item(row: Record) -> StockedItem:
    return StockedItem(row["quantity"], row["price_cents"], row["currency"], row["seller_id"], row["name"])


def _by_order(rows: Iterable[Record]) -> Iterable[list[Record]]:
    """Rows of decision and line, those of one order beside each other."""
    return (list(group) for _, group in groupby(rows, key=lambda row: row["order_id"]))


def _decisions(rows: Iterable[Record]) -> Iterable[Decision]:
    for group in _by_order(rows):
        first = group[0]
        if first["rejection"] is None:
            yield _reservation(group)
        else:
            reason = RejectionReason(first["rejection"])
            yield Rejection(first["order_id"], reason, first["rejected_item_id"], first["memo"])


def _reservation(rows: Sequence[Record]) -> Reservation:
    first = rows[0]
    lines = tuple(
        ReservedLine(row["item_id"], row["quantity"], row["price_cents"], row["seller_id"], row["name"]) for row in rows
    )
    return Reservation(first["order_id"], lines, first["currency"], first["memo"], first["created_at"], first["claim"])
