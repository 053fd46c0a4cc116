"""Starts the review service."""

from agora.review.v1.review_pb2_grpc import add_ReviewServiceServicer_to_server

from chassis.cache_state import CacheState
from chassis.grpc_client import open_channel
from chassis.grpc_server import GrpcServer
from chassis.service import Running, run
from chassis.settings import read_or_exit
from review.assembly import assemble
from review.cache_leases import serve_cache_leases
from review.likes.assembly import serve_likes
from review.orders import Orders
from review.settings import Settings

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    database = await running.open_database(settings.service, "review")
    orders = Orders(await running.enter_async_context(open_channel(settings.order_target)))
    state = CacheState(database)
    invalidation = running.open_invalidation(settings.service.process, settings.redis_url, state)
    add_ReviewServiceServicer_to_server(assemble(database, orders, invalidation), server.server)
    leases = serve_cache_leases(server, state)
    return ["agora.review.v1.ReviewService", serve_likes(server, database), leases]


run("review", settings.service, compose)
