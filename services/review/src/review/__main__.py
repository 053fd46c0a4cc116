"""Starts the review service."""

from agora.review.v1.review_pb2_grpc import add_ReviewServiceServicer_to_server

from chassis.grpc_client import open_channel
from chassis.grpc_server import GrpcServer
from chassis.invalidation import Invalidation
from chassis.service import Running, run
from chassis.settings import read_or_exit
from review.assembly import assemble
from review.likes.assembly import serve_likes
from review.orders import Orders
from review.settings import Settings

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    database = await running.open_database(settings.service, "review")
    orders = Orders(await running.enter_async_context(open_channel(settings.order_target)))
    invalidation = Invalidation(running.open_redis(settings.service.process, settings.redis_url))
    add_ReviewServiceServicer_to_server(assemble(database, orders, invalidation), server.server)
    return ["agora.review.v1.ReviewService", serve_likes(server, database)]


run("review", settings.service, compose)
