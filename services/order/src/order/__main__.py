"""Starts the order service."""

from agora.order.v1.order_pb2_grpc import add_OrderServiceServicer_to_server

from chassis.grpc_client import open_channel
from chassis.grpc_server import GrpcServer
from chassis.service import Running, run
from chassis.settings import read_or_exit
from order.assembly import assemble
from order.clients import CatalogClient
from order.repository import Repository
from order.settings import Settings

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    repository = Repository(await running.open_database(settings.service, "order"))
    catalog = CatalogClient(await running.enter_async_context(open_channel(settings.catalog_target)))
    add_OrderServiceServicer_to_server(assemble(running, repository, catalog), server.server)
    return ["agora.order.v1.OrderService"]


run("order", settings.service, compose)
