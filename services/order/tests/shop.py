"""The shop as tests use it: buyers with sessions, replicas that can die, and an audit of what must always hold."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import grpc
from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from agora.order.v1.order_pb2_grpc import OrderServiceStub

from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2 as pb
from chassis.errors import Refusal
from chassis.grpc_client import call
from chassis.postgres import Database
from chassis.status import code_of
from chassis.timestamps import to_timestamp
from order.catalog import StockRequest
from order.domain import Memo, digest_of, order_id_of
from order.recovery import Recovery
from order.settlement import Settlement

BOOKS = {str(number): 1000 for number in range(1, 8)}
WAITING = """
    SELECT pid
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""
_keys = count()


def new_key() -> str:
    return f"key-{next(_keys)}"


def units(lines) -> dict[str, int]:
    """Units by item id, of any lines."""
    return {line.item_id: line.quantity for line in lines}


async def refused(called: Awaitable[Any]) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    """The code, reason and metadata of a call that must be refused."""
    try:
        answer = await called
    except Refusal as refusal:
        return code_of(refusal), refusal.reason, refusal.metadata
    raise AssertionError(f"not refused: {answer}")


@dataclass(frozen=True)
class Session:
    """A buyer's session. Its methods are the RPCs of its cart, through any replica."""

    client: "OrderClient"
    owner: pb.CartOwner

    def through(self, client: "OrderClient") -> "Session":
        return Session(client, self.owner)

    async def cart(self) -> dict[str, int]:
        return units((await self.shown()).lines)

    async def shown(self) -> pb.Cart:
        return (await call(self.client.stub.GetCart, pb.GetCartRequest(owner=self.owner), pb.GetCartResponse)).cart

    async def add(self, item_id, quantity=1, key=None) -> dict[str, int]:
        request = pb.AddCartItemRequest(
            request_id=new_key() if key is None else key, owner=self.owner, item_id=item_id, quantity=quantity
        )
        return units((await call(self.client.stub.AddCartItem, request, pb.AddCartItemResponse)).cart.lines)

    async def remove(self, item_id, quantity=None, key=None) -> dict[str, int]:
        request = pb.RemoveCartItemRequest(
            request_id=new_key() if key is None else key, owner=self.owner, item_id=item_id, quantity=quantity
        )
        return units((await call(self.client.stub.RemoveCartItem, request, pb.RemoveCartItemResponse)).cart.lines)

    async def clear(self) -> None:
        await call(self.client.stub.ClearCart, pb.ClearCartRequest(owner=self.owner), pb.ClearCartResponse)

    async def save(self) -> dict[str, int]:
        response = await call(self.client.stub.SaveCart, pb.SaveCartRequest(owner=self.owner), pb.SaveCartResponse)
        return units(response.cart.lines)

    async def buy(self, key=None) -> pb.PlaceOrderResponse:
        """Buy the cart."""
        request = pb.PlaceOrderRequest(
            request_id=key or new_key(), buyer_id=self.owner.buyer_id, cart=self.owner
        )
        return await call(self.client.stub.PlaceOrder, request, pb.PlaceOrderResponse)


@dataclass(frozen=True)
class OrderClient:
    """Calls whichever replicas its channel leads to."""

    stub: OrderServiceStub

    def session(self, buyer_id="ann") -> Session:
        """A session that begins now."""
        began = to_timestamp(datetime.now(UTC))
        return Session(self, pb.CartOwner(session_id=str(uuid4()), buyer_id=buyer_id, session_create_time=began))

    async def buy(self, lines, key=None, buyer_id="ann") -> pb.PlaceOrderResponse:
        """Buy `lines`, units by item id or pairs of both."""
        pairs = lines.items() if isinstance(lines, dict) else lines
        request = pb.PlaceOrderRequest(
            request_id=new_key() if key is None else key,
            buyer_id=buyer_id,
            lines=[pb.Line(item_id=item_id, quantity=quantity) for item_id, quantity in pairs],
        )
        return await call(self.stub.PlaceOrder, request, pb.PlaceOrderResponse)

    async def order(self, order_id, buyer_id="ann") -> pb.Order:
        request = pb.GetOrderRequest(buyer_id=buyer_id, order_id=order_id)
        return (await call(self.stub.GetOrder, request, pb.GetOrderResponse)).order

    async def orders(self, buyer_id="ann", **page) -> pb.ListOrdersResponse:
        return await call(self.stub.ListOrders, pb.ListOrdersRequest(buyer_id=buyer_id, **page), pb.ListOrdersResponse)

    async def seller_of(self, item_id, buyer_id="ann") -> str:
        request = pb.GetPurchaseRequest(buyer_id=buyer_id, item_id=item_id)
        return (await call(self.stub.GetPurchase, request, pb.GetPurchaseResponse)).seller_id


@dataclass(frozen=True)
class OrderReplica(OrderClient):
    """One replica, and the parts of it that work on their own."""

    served: Any
    database: Database
    settlement: Settlement
    recovery: Recovery

    def is_busy(self) -> bool:
        pool = self.database._pool
        return pool is not None and pool.get_idle_size() < pool.get_size()


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

    async def stock(self, item_id) -> int:
        return await self.catalog_db.fetchval("SELECT quantity FROM items WHERE id = $1", int(item_id))

    async def open_reservations(self) -> int:
        return await self.catalog_db.fetchval("SELECT count(*) FROM stock_reservations WHERE settled_at IS NULL")

    async def waiting(self, number=1, db=None) -> list[int]:
        """The processes that wait for a lock in the order database, as soon as they are `number`."""
        async with asyncio.timeout(20):
            while len(pids := [row["pid"] for row in await (db or self.order_db).fetch(WAITING)]) < number:
                await asyncio.sleep(0)
        return pids

    async def reserving(self) -> None:
        """Return as soon as a reservation waits for a lock in the catalog's database."""
        async with asyncio.timeout(20):
            while not await self.order_db.fetch(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'catalog-test'"
            ):
                await asyncio.sleep(0)

    async def reserve_only(self, *owners: pb.CartOwner | None, lines: dict[str, int]) -> None:
        """What replicas leave that die after the reservation, for as many orders: of carts, or of lines for None."""
        catalog = self.orders[0].recovery._catalog
        await asyncio.gather(*(catalog.reserve(_begun(owner, lines)) for owner in owners))

    def recording_held(self):
        """`async with shop.recording_held():` reservations are made, and the recording of their orders waits."""
        return self._held(self.another_order_db, "LOCK TABLE orders IN SHARE MODE")

    def _held(self, connection, lock):
        transaction = connection.transaction()

        class Held:
            async def __aenter__(self):
                await transaction.start()
                await connection.execute(lock)

            async def __aexit__(self, *_):
                await transaction.rollback()

        return Held()

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
        reserved = await self.catalog_db.fetch("SELECT * FROM stock_reservations JOIN stock_reservation_lines USING (order_id)")
        recorded = await self.order_db.fetch("SELECT * FROM orders JOIN order_lines ON order_lines.order_id = orders.id")
        assert min(left.values()) >= 0
        for row in reserved:
            left[str(row["item_id"])] += row["quantity"]
        assert {item_id: left[item_id] for item_id in self.stocked} == self.stocked
        assert _ledger(recorded) == _ledger(reserved)
        totals = await self.order_db.fetch(
            "SELECT id, total_cents, (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_id = id) FROM orders"
        )
        assert [row["id"] for row in totals if row["total_cents"] != row["sum"]] == []


def _begun(owner, lines) -> StockRequest:
    key = new_key()
    if owner is None:
        return StockRequest(order_id_of("ann", key), lines, Memo("ann", digest_of(lines), None))
    memo = Memo(owner.buyer_id, digest_of(None), UUID(owner.session_id))
    return StockRequest(order_id_of(owner.buyer_id, key), lines, memo)


def _ledger(rows) -> list[tuple[Any, ...]]:
    columns = ("order_id", "item_id", "quantity", "price_cents", "seller_id", "currency", "created_at")
    return sorted(tuple(str(row[column]) for column in columns) for row in rows)
