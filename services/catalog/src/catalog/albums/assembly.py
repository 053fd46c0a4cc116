"""Puts the album store together on the catalog's database."""

from agora.catalog.v1.album_pb2_grpc import add_AlbumServiceServicer_to_server

from catalog.albums.library import Library
from catalog.albums.repository import Repository
from catalog.albums.servicer import AlbumServicer
from chassis.grpc_server import GrpcServer
from chassis.postgres import Database


def serve_albums(server: GrpcServer, database: Database) -> str:
    """Registers the service on a server; returns its full proto name."""
    add_AlbumServiceServicer_to_server(AlbumServicer(Library(Repository(database))), server.server)
    return "agora.catalog.v1.AlbumService"
