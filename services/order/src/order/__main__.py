"""Starts the order service."""

from agora.order.v1.order_pb2_grpc import add_OrderServiceServicer_to_server

from chassis.grpc_client import open_channel
from chassis.grpc_server import GrpcServer
from chassis.service import Running, run
from chassis.settings import read_or_exit
from order.carts import Carts
from order.checkout import Checkout
from order.clients import CatalogClient
from order.history import History
from order.recovery import Recovery
from order.repository import Repository
from order.servicer import OrderServicer
from order.settings import Settings
from order.settlement import Settlement

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    repository = Repository(await running.open_database(settings.service, "order"))
    catalog = CatalogClient(await running.enter_async_context(open_channel(settings.catalog_target)))
    settlement = Settlement(catalog)
    checkout = Checkout(repository, catalog, settlement)
    running.push_async_callback(settlement.settle)
    running.in_background(settlement.run())
    running.in_background(Recovery(repository, catalog, checkout).run())
    servicer = OrderServicer(checkout, History(repository), Carts(repository, catalog))
    add_OrderServiceServicer_to_server(servicer, server.server)
    return ["agora.order.v1.OrderService"]


run("order", settings.service, compose)
