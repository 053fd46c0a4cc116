"""Puts the reading of counts together on the review database."""

from agora.review.v1.like_pb2_grpc import add_LikeServiceServicer_to_server

from chassis.grpc_server import GrpcServer
from chassis.postgres import Database
from review.likes.repository import Repository
from review.likes.servicer import LikeServicer


def serve_likes(server: GrpcServer, database: Database) -> str:
    """Registers the service on a server; returns its full proto name."""
    add_LikeServiceServicer_to_server(LikeServicer(Repository(database)), server.server)
    return "agora.review.v1.LikeService"
