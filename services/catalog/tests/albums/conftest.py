"""Replicas of the album store over real PostgreSQL."""

import hashlib
from dataclasses import dataclass
from itertools import count

import pytest

from agora.catalog.v1 import album_pb2 as pb
from agora.catalog.v1 import album_pb2_grpc
from catalog.albums.library import Library
from catalog.albums.repository import Repository
from catalog.albums.servicer import AlbumServicer
from chassis.grpc_client import call
from chassis.postgres import Database

_request_numbers = count()

PROFILE = pb.AlbumProfile(artist="Sex Pistols", title="Never Mind The Bollocks!", year_number=1977)


@dataclass(frozen=True)
class AlbumReplica:
    """A replica behind a real gRPC server. Its methods are the RPCs."""

    stub: album_pb2_grpc.AlbumServiceStub
    database: Database

    async def create_all(self, *albums) -> list[pb.AlbumResult]:
        request = pb.BatchCreateAlbumsRequest(albums=albums)
        return list((await call(self.stub.BatchCreateAlbums, request, pb.BatchCreateAlbumsResponse)).results)

    async def create(self, image, **changed) -> pb.Album:
        (result,) = await self.create_all(new_album(image, **changed))
        return result.album

    async def upload(self, image, request_id=None, said_size=None, profile=PROFILE, piece_bytes=100_000) -> pb.Album:
        async def messages():
            size = len(image) if said_size is None else said_size
            header = pb.AlbumHeader(request_id=request_id or fresh_id(), profile=profile, image_size=size)
            yield pb.UploadAlbumRequest(header=header)
            for start in range(0, len(image), piece_bytes):
                yield pb.UploadAlbumRequest(piece=image[start : start + piece_bytes])

        return (await call(self.stub.UploadAlbum, messages(), pb.UploadAlbumResponse)).album

    async def get(self, *album_ids) -> dict[str, pb.Album]:
        request = pb.BatchGetAlbumsRequest(album_ids=album_ids)
        response = await call(self.stub.BatchGetAlbums, request, pb.BatchGetAlbumsResponse)
        return {album.album_id: album for album in response.albums}

    async def piece(self, album_id, offset=0, limit=2**30) -> bytes:
        request = pb.GetAlbumImageRequest(album_id=album_id, offset=offset, limit=limit)
        return (await call(self.stub.GetAlbumImage, request, pb.GetAlbumImageResponse)).piece

    async def image(self, album: pb.Album) -> bytes:
        whole = b""
        while len(whole) < album.image_size:
            whole += await self.piece(album.album_id, len(whole))
        return whole


def fresh_id() -> str:
    return f"album-request-{next(_request_numbers)}"


def new_album(image, request_id=None, profile=PROFILE) -> pb.NewAlbum:
    return pb.NewAlbum(request_id=request_id or fresh_id(), profile=profile, image=image)


def png_of(size: int) -> bytes:
    """An image of that size, no two pieces of which are alike."""
    blocks = (hashlib.sha256(number.to_bytes(4)).digest() for number in range(size // 32 + 1))
    return (b"\x89PNG\r\n\x1a\n" + b"".join(blocks))[:size]


@pytest.fixture(scope="session")
def png():
    return png_of


@pytest.fixture(scope="session")
def make_album():
    return new_album


@pytest.fixture
async def start_store(open_database, serve, channel_to, dsn):
    """`await start_store()`: all replicas of a test share one database."""

    async def start() -> AlbumReplica:
        database = await open_database("catalog", dsn)
        add = album_pb2_grpc.add_AlbumServiceServicer_to_server
        served = await serve(add, AlbumServicer(Library(Repository(database))), tier="catalog")
        return AlbumReplica(album_pb2_grpc.AlbumServiceStub(channel_to(served.target)), database)

    return start


@pytest.fixture
async def store(start_store) -> AlbumReplica:
    return await start_store()


@pytest.fixture
async def other_store(start_store) -> AlbumReplica:
    return await start_store()


@pytest.fixture
def stored_rows(connection):
    """`await stored_rows()`: how many albums and pieces of images there are."""

    async def count_rows() -> tuple[int, int]:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM albums) AS albums, (SELECT count(*) FROM album_images) AS pieces"
        )
        return row["albums"], row["pieces"]

    return count_rows
