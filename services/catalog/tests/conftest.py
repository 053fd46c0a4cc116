"""Replicas of the catalog over real PostgreSQL, and the few statements that tests ask a database themselves."""

import asyncio
import time
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from agora.catalog.v1 import catalog_pb2_grpc
from catalog.items import Items
from catalog.ledger import Ledger
from catalog.listing import Listing
from catalog.repository import Repository
from catalog.reservations import Reservations
from catalog.search import Search
from catalog.servicer import CatalogServicer
from chassis.context import RequestContext, enter
from chassis.grpc_client import call
from chassis.postgres import Database

_request_numbers = count()

WAITING = """
    SELECT pid
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""

ITEM = {
    "seller_id": "seller-1",
    "name": "Red lamp",
    "category": 3,
    "keywords": ["red", "lamp"],
    "condition": pb.CONDITION_NEW,
    "price_cents": 1250,
    "quantity": 10,
}


@pytest.fixture(autouse=True)
async def patience():
    """A deadline that a busy machine does not meet by accident."""
    enter(RequestContext(deadline=time.monotonic() + 60))


@dataclass(frozen=True)
class Replica:
    """A replica behind a real gRPC server. Its methods are the RPCs."""

    stub: catalog_pb2_grpc.CatalogServiceStub
    database: Database
    repository: Repository

    async def register(self, **changed) -> pb.Item:
        return (await call(self.stub.RegisterItem, register_request(**changed), pb.RegisterItemResponse)).item

    async def update(self, item_id, seller_id="seller-1", **changed) -> pb.Item:
        request = pb.UpdateItemRequest(item_id=item_id, seller_id=seller_id, **changed)
        return (await call(self.stub.UpdateItem, request, pb.UpdateItemResponse)).item

    async def get(self, *item_ids) -> dict[str, pb.Item]:
        request = pb.BatchGetItemsRequest(item_ids=item_ids)
        response = await call(self.stub.BatchGetItems, request, pb.BatchGetItemsResponse)
        return {item.item_id: item for item in response.items}

    async def search(self, **filters) -> pb.SearchItemsResponse:
        return await call(self.stub.SearchItems, pb.SearchItemsRequest(**filters), pb.SearchItemsResponse)

    async def list_of_seller(self, seller_id, **page) -> pb.ListSellerItemsResponse:
        request = pb.ListSellerItemsRequest(seller_id=seller_id, **page)
        return await call(self.stub.ListSellerItems, request, pb.ListSellerItemsResponse)

    async def reserve_all(self, *requests) -> list[pb.StockResult]:
        message = pb.ReserveStockRequest(requests=requests)
        return list((await call(self.stub.ReserveStock, message, pb.ReserveStockResponse)).results)

    async def reserve(self, lines, order_id=None, memo=b"", claim="") -> pb.StockResult:
        return (await self.reserve_all(stock_request(lines, order_id, memo, claim)))[0]

    async def list_open(self, min_age_ms=0, page_size=1000) -> list[pb.Reservation]:
        request = pb.ListOpenReservationsRequest(min_age_ms=min_age_ms, page_size=page_size)
        response = await call(self.stub.ListOpenReservations, request, pb.ListOpenReservationsResponse)
        return list(response.reservations)

    async def settle(self, *order_ids) -> None:
        request = pb.SettleReservationsRequest(order_ids=order_ids)
        await call(self.stub.SettleReservations, request, pb.SettleReservationsResponse)


def register_request(**changed) -> pb.RegisterItemRequest:
    return pb.RegisterItemRequest(**{"request_id": f"request-{next(_request_numbers)}", **ITEM, **changed})


@pytest.fixture(scope="session")
def new_request():
    return register_request


def stock_request(lines, order_id=None, memo=b"", claim="") -> pb.StockRequest:
    """`lines` are units by item id, or pairs of both."""
    pairs = lines.items() if isinstance(lines, dict) else lines
    ordered = [pb.OrderedLine(item_id=item_id, quantity=quantity) for item_id, quantity in pairs]
    return pb.StockRequest(order_id=str(order_id or uuid4()), lines=ordered, memo=memo, claim=str(claim))


@pytest.fixture(scope="session")
def make_stock_request():
    return stock_request


@dataclass
class StartReplica:
    open_database: Any
    serve: Any
    channel_to: Any
    dsn: str
    invalidation: Any

    async def __call__(self) -> Replica:
        database = await self.open_database("catalog", self.dsn)
        repository = Repository(database)
        listing = Listing(repository)
        items = Items(repository, listing, self.invalidation)
        reservations = Reservations(Ledger(database), self.invalidation)
        servicer = CatalogServicer(items, Search(repository, listing), reservations)
        add = catalog_pb2_grpc.add_CatalogServiceServicer_to_server
        served = await self.serve(add, servicer, tier="catalog")
        return Replica(catalog_pb2_grpc.CatalogServiceStub(self.channel_to(served.target)), database, repository)


@pytest.fixture
async def dsn(database_for) -> str:
    return await database_for("catalog")


@pytest.fixture
def start_replica(open_database, serve, channel_to, dsn, invalidation) -> StartReplica:
    """`await start_replica()`: all replicas of a test share one database."""
    return StartReplica(open_database, serve, channel_to, dsn, invalidation)


@pytest.fixture
async def replica(start_replica) -> Replica:
    return await start_replica()


@pytest.fixture
async def other_replica(start_replica) -> Replica:
    return await start_replica()


@pytest.fixture
async def connection(dsn):
    """A connection of the test's own to the replicas' database."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def blocker(dsn):
    """A second connection, which holds what replicas then wait for."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture
def waiting_backends(connection):
    """`await waiting_backends(n)`: the processes that wait for a lock in this database, as soon as they are `n`."""

    async def wait_for(number=1) -> list[int]:
        async with asyncio.timeout(60):
            while len(pids := [row["pid"] for row in await connection.fetch(WAITING)]) < number:
                await asyncio.sleep(0)
        return pids

    return wait_for
