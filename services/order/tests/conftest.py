"""A shop: two replicas of the order service and two of the catalog, over real PostgreSQL and real gRPC."""

from contextlib import AsyncExitStack

import asyncpg
import pytest

from agora.catalog.v1 import catalog_pb2_grpc
from agora.order.v1 import order_pb2_grpc
from catalog.items import Items
from catalog.ledger import Ledger
from catalog.listing import Listing
from catalog.repository import Repository as CatalogRepository
from catalog.reservations import Reservations
from catalog.search import Search
from catalog.servicer import CatalogServicer
from chassis import context
from order.carts import Carts
from order.checkout import Checkout
from order.clients import CatalogClient
from order.history import History
from order.names import Names
from order.recovery import Recovery
from order.repository import Repository
from order.servicer import OrderServicer
from order.settlement import Settlement

from .buyers import OrderClient, OrderReplica
from .shop import Shop


@pytest.fixture(autouse=True)
async def patience(monkeypatch):
    """A deadline that a busy machine does not meet by accident, also for work that nobody asked for."""
    monkeypatch.setattr(context, "DEFAULT_TIMEOUT_S", 60.0)
    context.enter(context.RequestContext())


@pytest.fixture
async def shop(open_database, database_for, serve, channel_to, invalidation):
    catalog_dsn, order_dsn = await database_for("catalog"), await database_for("order")

    async def catalog_replica(port=None):
        database = await open_database("catalog", catalog_dsn)
        repository = CatalogRepository(database)
        listing = Listing(repository)
        items, reservations = Items(repository, listing, invalidation), Reservations(Ledger(database), invalidation)
        servicer = CatalogServicer(items, Search(repository, listing), reservations)
        return await serve(catalog_pb2_grpc.add_CatalogServiceServicer_to_server, servicer, tier="catalog", port=port)

    async def order_replica(catalog_target):
        database = await open_database("order", order_dsn)
        repository = Repository(database)
        catalog = CatalogClient(channel_to(catalog_target))
        settlement = Settlement(catalog)
        checkout = Checkout(repository, catalog, settlement)
        recovery = Recovery(catalog, checkout)
        servicer = OrderServicer(checkout, History(repository, Names(catalog)), Carts(repository, catalog))
        served = await serve(order_pb2_grpc.add_OrderServiceServicer_to_server, servicer, tier="order")
        stub = order_pb2_grpc.OrderServiceStub(channel_to(served.target))
        return OrderReplica(stub, served, database, settlement, recovery)

    catalogs = [await catalog_replica() for _ in range(2)]
    catalog_target = target_of(catalogs)
    orders = [await order_replica(catalog_target) for _ in range(2)]
    async with AsyncExitStack() as cleanup:
        databases = []
        for dsn in (catalog_dsn, order_dsn, order_dsn):
            databases.append(await asyncpg.connect(dsn))
            cleanup.push_async_callback(databases[-1].close)
        yield Shop(
            catalog_pb2_grpc.CatalogServiceStub(channel_to(catalog_target)),
            catalogs,
            catalog_replica,
            orders,
            OrderClient(order_pb2_grpc.OrderServiceStub(channel_to(target_of([order.served for order in orders])))),
            *databases,
        )


def target_of(served):
    """One target for several servers, as the services are told."""
    return "ipv4:" + ",".join(server.target.removeprefix("ipv4:") for server in served)
