"""Starts the catalog service."""

from agora.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server

from catalog.items import Items
from catalog.listing import Listing
from catalog.repository import Repository
from catalog.reservations import Reservations
from catalog.search import Search
from catalog.servicer import CatalogServicer
from catalog.settings import Settings
from chassis.grpc_server import GrpcServer
from chassis.invalidation import Invalidation
from chassis.service import Running, run
from chassis.settings import read_or_exit

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    repository = Repository(await running.open_database(settings.service, "catalog"))
    listing = Listing(repository)
    invalidation = Invalidation(running.open_redis(settings.service.process, settings.redis_url))
    items = Items(repository, listing, invalidation)
    servicer = CatalogServicer(items, Search(repository, listing), Reservations(repository, invalidation))
    add_CatalogServiceServicer_to_server(servicer, server.server)
    return ["agora.catalog.v1.CatalogService"]


run("catalog", settings.service, compose)
