"""Starts the catalog service."""

from agora.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server

from catalog.albums.assembly import serve_albums
from catalog.assembly import assemble
from catalog.cache_leases import serve_cache_leases
from catalog.settings import Settings
from chassis.cache_state import CacheState
from chassis.grpc_server import GrpcServer
from chassis.service import Running, run
from chassis.settings import read_or_exit

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    database = await running.open_database(settings.service, "catalog")
    state = CacheState(database)
    invalidation = running.open_invalidation(settings.service.process, settings.redis_url, state)
    add_CatalogServiceServicer_to_server(assemble(database, invalidation), server.server)
    leases = serve_cache_leases(server, state)
    return ["agora.catalog.v1.CatalogService", serve_albums(server, database), leases]


run("catalog", settings.service, compose)
