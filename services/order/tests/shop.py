"""The shop as tests use it: replicas that can die, and an audit of what must always hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub

from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2 as pb
from chassis.grpc_client import call
from order.catalog import StockRequest
from order.domain import Memo, digest_of, order_id_of

from .buyers import OrderClient, OrderReplica, new_key, refused

BOOKS = {str(number): 1000 for number in range(1, 8)}
WAITING = """
    SELECT pid
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""

RESERVED = "SELECT * FROM stock_reservations JOIN stock_reservation_lines USING (order_id)"
RECORDED = "SELECT * FROM orders JOIN order_lines ON order_lines.order_id = orders.id"
WRONG_TOTALS = """
    SELECT id
    FROM orders
    WHERE total_cents IS DISTINCT FROM (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_id = id)
"""


@dataclass
class Shop:
    catalog: CatalogServiceStub
    catalog_replicas: list[Any]
    start_catalog: Callable[[int], Awaitable[Any]]
    """Starts another replica of the catalog at a port."""
    orders: list[OrderReplica]
    both: OrderClient
    """A client of both order replicas, as the gateway is."""
    catalog_db: asyncpg.Connection
    order_db: asyncpg.Connection
    another_order_db: asyncpg.Connection
    """A second connection, so that one may hold a lock while the other looks."""
    stocked: dict[str, int] = field(default_factory=lambda: dict(BOOKS))
    request_ids: Any = field(default_factory=count)

    async def item(self, quantity=10, price_cents=250, currency="USD", seller_id="seller-1") -> str:
        request = catalog_pb2.RegisterItemRequest(
            request_id=f"request-{next(self.request_ids)}",
            seller_id=seller_id,
            name="Red lamp",
            condition=catalog_pb2.CONDITION_NEW,
            price_cents=price_cents,
            currency=currency,
            quantity=quantity,
        )
        response = await call(self.catalog.RegisterItem, request, catalog_pb2.RegisterItemResponse)
        self.stocked[response.item.item_id] = quantity
        return response.item.item_id

    async def reprice(self, item_id, price_cents) -> None:
        request = catalog_pb2.UpdateItemRequest(item_id=item_id, seller_id="seller-1", price_cents=price_cents)
        await call(self.catalog.UpdateItem, request, catalog_pb2.UpdateItemResponse)

    async def restock(self, item_id, quantity) -> None:
        """As many more as it takes to have `quantity`."""
        self.stocked[item_id] += quantity - await self.stock(item_id)
        request = catalog_pb2.UpdateItemRequest(item_id=item_id, seller_id="seller-1", quantity=quantity)
        await call(self.catalog.UpdateItem, request, catalog_pb2.UpdateItemResponse)

    async def stock(self, item_id) -> int:
        return await self.catalog_db.fetchval("SELECT quantity FROM items WHERE id = $1", int(item_id))

    async def open_reservations(self) -> int:
        return await self.catalog_db.fetchval("SELECT count(*) FROM stock_reservations WHERE settled_at IS NULL")

    async def waiting(self, number=1, db=None) -> list[int]:
        """The processes that wait for a lock in the order database, as soon as they are `number`."""
        async with asyncio.timeout(60):
            while len(pids := [row["pid"] for row in await (db or self.order_db).fetch(WAITING)]) < number:
                await asyncio.sleep(0)
        return pids

    async def reserving(self) -> None:
        """Return as soon as a reservation waits for a lock in the catalog's database."""
        async with asyncio.timeout(60):
            while not await self.order_db.fetch(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'catalog-test'"
            ):
                await asyncio.sleep(0)

    async def reserve_only(self, *owners: pb.CartOwner | None, lines: dict[str, int]) -> None:
        """What replicas leave that die after the reservation, for as many orders: of carts, or of lines for None."""
        catalog = self.orders[0].recovery._catalog
        await asyncio.gather(*(catalog.reserve(_begun(owner, lines)) for owner in owners))

    @asynccontextmanager
    async def recording_held(self) -> AsyncIterator[None]:
        """Inside it reservations are made, and the recording of their orders waits."""
        transaction = self.another_order_db.transaction()
        await transaction.start()
        await self.another_order_db.execute("LOCK TABLE orders IN SHARE MODE")
        try:
            yield
        finally:
            await transaction.rollback()

    async def kill(self, replica: OrderReplica) -> None:
        """End a replica whose recording waits for a lock, as SIGKILL would: its server, and its transactions."""
        pids = await self.waiting()
        await replica.served.kill()
        for pid in pids:
            await self.order_db.execute("SELECT pg_terminate_backend($1)", pid)

    async def begin_and_die(self, purchase: Callable[[OrderReplica], Awaitable[Any]]) -> None:
        """Start `purchase` at the first replica, which dies between the reservation and the recording."""
        before = await self.catalog_db.fetchval("SELECT count(*) FROM stock_reservations")
        async with self.recording_held():
            call_ = asyncio.ensure_future(purchase(self.orders[0]))
            await self.waiting()
            await self.kill(self.orders[0])
            await refused(call_)
        assert await self.catalog_db.fetchval("SELECT count(*) FROM stock_reservations") == before + 1

    async def settle(self) -> None:
        for replica in self.orders:
            await replica.settlement.settle()

    async def audit(self) -> None:
        """What must hold whatever happened, once nothing is undecided."""
        left = {str(row["id"]): row["quantity"] for row in await self.catalog_db.fetch("SELECT * FROM items")}
        reserved = await self.catalog_db.fetch(RESERVED)
        recorded = await self.order_db.fetch(RECORDED)
        assert min(left.values()) >= 0
        for row in reserved:
            left[str(row["item_id"])] += row["quantity"]
        assert {item_id: left[item_id] for item_id in self.stocked} == self.stocked
        assert _ledger(recorded) == _ledger(reserved)
        assert [row["id"] for row in await self.order_db.fetch(WRONG_TOTALS)] == []


def _begun(owner, lines) -> StockRequest:
    key = new_key()
    if owner is None:
        return StockRequest(order_id_of("ann", key), lines, Memo("ann", digest_of(lines), None), None)
    memo = Memo(owner.buyer_id, digest_of(None), UUID(owner.session_id))
    return StockRequest(order_id_of(owner.buyer_id, key), lines, memo, uuid4())


def _ledger(rows) -> list[tuple[Any, ...]]:
    columns = ("order_id", "item_id", "quantity", "price_cents", "seller_id", "currency", "created_at")
    return sorted(tuple(str(row[column]) for column in columns) for row in rows)
