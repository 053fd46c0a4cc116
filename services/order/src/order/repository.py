"""Carts and orders in PostgreSQL. Statements are named in `queries.sql`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from uuid import UUID

from asyncpg import Record

from chassis.conflicts import retry_conflicts
from chassis.errors import Refusal
from chassis.idempotency import Request, decide_within
from chassis.postgres import Connection, Database
from order.domain import CartContents, CartOwner, Order, OrderLine


class OpenCart:
    """A cart inside a transaction that holds its lock."""

    def __init__(self, transaction: Connection, owner: CartOwner, claim: UUID) -> None:
        self._transaction = transaction
        self._owner = owner
        self.claim = claim

    async def lines(self) -> dict[str, int]:
        return _lines(await self._transaction.fetch("open_cart_lines", self._owner.session_id))

    async def change_once(
        self, request_id: str, digest: bytes, change: Callable[[], Awaitable[None]]
    ) -> Refusal | None:
        """Run `change` unless the request was served before; returns why it is rejected, or was the first time.

        Raises IdempotencyKeyReused.
        """
        return await decide_within(self._transaction, Request((self._owner.session_id, request_id), digest), change)

    async def put(self, item_id: str, quantity: int) -> None:
        """Set the units of an item; none of them removes the line."""
        if quantity:
            await self._transaction.execute("put_cart_line", self._owner.session_id, item_id, quantity)
        else:
            await self._transaction.execute("delete_cart_line", self._owner.session_id, item_id)

    async def clear(self) -> None:
        await self._transaction.execute("clear_cart", self._owner.session_id)

    async def save(self) -> None:
        await self._transaction.execute("mark_cart_saved", self._owner.buyer_id)
        await self._transaction.execute("clear_saved_cart", self._owner.buyer_id)
        await self._transaction.execute("save_cart_lines", self._owner.buyer_id, self._owner.session_id)


class Repository:
    """Lock order, so that nothing waits in a circle: orders by id, then the session's cart, then the saved cart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Pages of listings take at most half of the connections: checkouts need some too.
        self.max_pages = max(1, database.pool_size // 2)

    @asynccontextmanager
    async def open_cart(self, owner: CartOwner) -> AsyncIterator[OpenCart]:
        """A transaction in which nobody else changes this cart."""
        async with self._database.transaction() as transaction:
            cart = await transaction.fetchrow("open_cart", owner.session_id, owner.buyer_id)
            assert cart is not None
            if cart["is_new"]:
                # Locked before it is copied: an order that is taking saved lines away would miss the copies
                # (test_lines_bought_while_the_cart_is_touched_for_the_first_time_do_not_come_back).
                await transaction.execute("lock_saved_cart", owner.buyer_id)
                arguments = (owner.session_id, owner.buyer_id, owner.session_created_at)
                await transaction.execute("copy_saved_cart", *arguments)
            yield OpenCart(transaction, owner, cart["claim"])

    async def read_cart(self, owner: CartOwner) -> dict[str, int]:
        arguments = (owner.session_id, owner.buyer_id, owner.session_created_at)
        return _lines(await self._database.fetch("read_cart", *arguments))

    async def read_cart_to_buy(self, owner: CartOwner) -> CartContents:
        """Lines and claim of the same moment. A cart nobody has touched is opened, since it has no claim before."""
        rows = await self._database.fetch("read_opened_cart", owner.session_id)
        if rows:
            return CartContents(_lines(row for row in rows if row["item_id"] is not None), rows[0]["claim"])
        async with self.open_cart(owner) as cart:
            return CartContents(await cart.lines(), cart.claim)

    async def keep_cart(self, session_id: UUID) -> None:
        await self._database.execute("keep_cart", session_id)

    async def delete_idle_carts(self) -> None:
        await self._database.execute("delete_idle_carts")

    async def record_orders(self, orders: Sequence[Order]) -> list[bool]:
        """Record whole orders, each once; True for those that were not there before."""
        new = await retry_conflicts(lambda: _record(self._database, orders))
        return [_first_time(order.order_id, new) for order in orders]

    async def record_cart_order(self, order: Order, session_id: UUID) -> bool:
        """Record an order and take its lines out of the cart it was made of, once, in one transaction."""
        return await retry_conflicts(lambda: self._record_cart_order(order, session_id))

    async def _record_cart_order(self, order: Order, session_id: UUID) -> bool:
        async with self._database.transaction() as transaction:
            if not await _record(transaction, [order]):
                return False
            await transaction.execute("renew_claim", session_id)
            await transaction.execute("lock_saved_cart", order.buyer_id)
            item_ids = [line.item_id for line in order.lines]
            quantities = [line.quantity for line in order.lines]
            await transaction.execute("take_bought_lines", session_id, order.buyer_id, item_ids, quantities)
            await transaction.execute("drop_empty_lines", session_id, order.buyer_id)
            return True

    async def get_order(self, order_id: UUID) -> Order | None:
        orders = _orders(await self._database.fetch("get_order", order_id))
        return orders[0][0] if orders else None

    async def list_orders(self, buyer_id: str, before: int, limit: int) -> list[tuple[Order, int]]:
        """Orders with their numbers, newest first, those below `before` only."""
        return _orders(await self._database.fetch("list_orders", buyer_id, before, limit))

    async def find_seller(self, buyer_id: str, item_id: str) -> str | None:
        """Who sold the item to the buyer; None when the buyer never bought it."""
        row = await self._database.fetchrow("find_purchase", buyer_id, item_id)
        return row["seller_id"] if row else None

    async def page_token_key(self) -> bytes:
        row = await self._database.fetchrow("page_token_key")
        assert row is not None
        return bytes(row["key"])


async def _record(connection: Connection, orders: Sequence[Order]) -> set[UUID]:
    # Each once and in the order of ids: replicas that record the same orders never wait for each other in a circle.
    unique = sorted({order.order_id: order for order in orders}.values(), key=lambda order: order.order_id)
    lines = [(order.order_id, line) for order in unique for line in order.lines]
    rows = await connection.fetch(
        "record_orders",
        [order.order_id for order in unique],
        [order.buyer_id for order in unique],
        [order.request_digest for order in unique],
        [order.total_cents for order in unique],
        [order.currency for order in unique],
        [order.created_at for order in unique],
        [order_id for order_id, _ in lines],
        [line.item_id for _, line in lines],
        [line.quantity for _, line in lines],
        [line.price_cents for _, line in lines],
        [line.seller_id for _, line in lines],
        [line.name for _, line in lines],
    )
    return {row["id"] for row in rows}


def _first_time(order_id: UUID, new: set[UUID]) -> bool:
    """Whether the id is new, and then no longer: of an order that stands twice in a batch, one is the first."""
    if order_id not in new:
        return False
    new.remove(order_id)
    return True


def _lines(rows: Iterable[Record]) -> dict[str, int]:
    return {row["item_id"]: row["quantity"] for row in rows}


def _orders(rows: Iterable[Record]) -> list[tuple[Order, int]]:
    """Rows of order and line, those of one order beside each other."""
    return [_order(list(group)) for _, group in groupby(rows, key=lambda row: row["number"])]


def _order(rows: Sequence[Record]) -> tuple[Order, int]:
    first = rows[0]
    lines = tuple(
        OrderLine(row["item_id"], row["quantity"], row["price_cents"], row["seller_id"], row["name"]) for row in rows
    )
    order = Order(
        first["id"], first["buyer_id"], first["request_digest"], lines, first["currency"], first["created_at"]
    )
    return order, first["number"]
