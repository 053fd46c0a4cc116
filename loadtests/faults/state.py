"""What the databases hold when everything is quiet: the other half of what the checker decides by."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

import asyncpg

_ITEMS = "SELECT id::text, quantity, price_cents FROM items"
_RESERVATIONS = """
SELECT order_id::text, extract(epoch FROM created_at)::float8 AS created_at, settled_at IS NOT NULL AS is_settled,
       item_id::text, quantity, price_cents
FROM stock_reservations
JOIN stock_reservation_lines USING (order_id)
ORDER BY order_id
"""
_ORDERS = """
SELECT id::text AS order_id, orders.buyer_id, total_cents, item_id, quantity, price_cents
FROM orders
LEFT JOIN order_lines ON order_id = id
ORDER BY id
"""
_CARTS = """
SELECT buyer_id, item_id, sum(quantity)::int8 AS quantity
FROM carts
JOIN cart_lines USING (session_id)
GROUP BY buyer_id, item_id
"""
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"


@dataclass(frozen=True, slots=True)
class Item:
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class Line:
    item_id: str
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class Order:
    order_id: str
    buyer: str
    total_cents: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    order_id: str
    created_at: float
    is_settled: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ShopState:
    """Items and orders by id, carts by buyer; `read_at` by the clock of the databases."""

    read_at: float
    items: dict[str, Item]
    reservations: dict[str, Reservation]
    orders: dict[str, Order]
    carts: dict[str, dict[str, int]]

    def open_reservations(self) -> list[Reservation]:
        return [reservation for reservation in self.reservations.values() if not reservation.is_settled]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        state = json.loads(text)
        return cls(
            state["read_at"],
            {item_id: Item(**item) for item_id, item in state["items"].items()},
            {
                key: Reservation(**{**value, "lines": _lines(value["lines"])})
                for key, value in state["reservations"].items()
            },
            {key: Order(**{**value, "lines": _lines(value["lines"])}) for key, value in state["orders"].items()},
            state["carts"],
        )


async def read_state(postgres: str) -> ShopState:
    """`postgres` is the superuser's DSN. Orders are read before reservations, which each of them follows."""
    orders, carts = await _fetch(database_dsn(postgres, "orders"), _ORDERS, _CARTS)
    items, reservations, now = await _fetch(database_dsn(postgres, "catalog"), _ITEMS, _RESERVATIONS, _NOW)
    return ShopState(
        now[0][0],
        {row["id"]: Item(row["quantity"], row["price_cents"]) for row in items},
        {key: _reservation(key, list(rows)) for key, rows in groupby(reservations, key=itemgetter("order_id"))},
        {key: _order(key, list(rows)) for key, rows in groupby(orders, key=itemgetter("order_id"))},
        _carts(carts),
    )


def database_dsn(postgres: str, name: str) -> str:
    return f"{postgres.rpartition('/')[0]}/{name}"


async def _fetch(dsn: str, *queries: str) -> list[list[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return [await connection.fetch(query) for query in queries]
    finally:
        await connection.close(timeout=5)


def _reservation(order_id: str, rows: list[asyncpg.Record]) -> Reservation:
    return Reservation(order_id, rows[0]["created_at"], rows[0]["is_settled"], _lines(rows))


def _order(order_id: str, rows: list[asyncpg.Record]) -> Order:
    lines = [row for row in rows if row["item_id"] is not None]
    return Order(order_id, rows[0]["buyer_id"], rows[0]["total_cents"], _lines(lines))


def _lines(rows: Iterable[Any]) -> tuple[Line, ...]:
    lines = (Line(row["item_id"], row["quantity"], row["price_cents"]) for row in rows)
    return tuple(sorted(lines, key=lambda line: line.item_id))


def _carts(rows: list[asyncpg.Record]) -> dict[str, dict[str, int]]:
    carts: dict[str, dict[str, int]] = {}
    for row in rows:
        carts.setdefault(row["buyer_id"], {})[row["item_id"]] = row["quantity"]
    return carts
