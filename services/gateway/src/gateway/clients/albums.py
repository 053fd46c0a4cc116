"""The album store of the catalog."""

from collections.abc import AsyncIterator
from typing import Final

from agora.catalog.v1.album_pb2_grpc import AlbumServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import album_pb2 as pb
from chassis.batching import Batcher
from chassis.grpc_client import TierDown, call
from gateway.clients.results import error_of

# As AlbumService takes them.
_SMALL_IMAGE_BYTES: Final = 56 * 1024
_MAX_TOGETHER: Final = 16
_PIECE_BYTES: Final = 256 * 1024
# gRPC itself cannot repeat a stream once much of it was sent.
_UPLOAD_ATTEMPTS: Final = 2


class Albums:
    """Small images travel with their neighbours', many albums in one call and one commit; large ones in pieces."""

    def __init__(self, channel: Channel) -> None:
        self._stub = AlbumServiceStub(channel)
        self._small: Batcher[pb.NewAlbum, pb.Album] = Batcher(
            "create_album", self._create_together, max_size=_MAX_TOGETHER, max_in_flight=2
        )

    async def create(self, request_id: str, profile: pb.AlbumProfile, image: bytearray) -> pb.Album:
        """Store an album once for each request id. Raises InvalidField, IdempotencyKeyReused."""
        if len(image) <= _SMALL_IMAGE_BYTES:
            return await self._small.submit(pb.NewAlbum(request_id=request_id, profile=profile, image=bytes(image)))
        header = pb.AlbumHeader(request_id=request_id, profile=profile, image_size=len(image))
        return await self._upload(header, image)

    async def get_albums(self, album_ids: list[str]) -> dict[str, pb.Album]:
        """Those that exist, by id."""
        request = pb.BatchGetAlbumsRequest(album_ids=album_ids)
        response = await call(self._stub.BatchGetAlbums, request, pb.BatchGetAlbumsResponse)
        return {album.album_id: album for album in response.albums}

    async def get_image_piece(self, album_id: str, offset: int, limit: int) -> bytes:
        """At least one byte and at most `limit`."""
        request = pb.GetAlbumImageRequest(album_id=album_id, offset=offset, limit=limit)
        return (await call(self._stub.GetAlbumImage, request, pb.GetAlbumImageResponse)).piece

    async def _create_together(self, albums: list[pb.NewAlbum]) -> list[pb.Album | Exception]:
        request = pb.BatchCreateAlbumsRequest(albums=albums)
        response = await call(self._stub.BatchCreateAlbums, request, pb.BatchCreateAlbumsResponse)
        return [error_of(result.refusal) if result.HasField("refusal") else result.album for result in response.results]

    async def _upload(self, header: pb.AlbumHeader, image: bytearray) -> pb.Album:
        for _ in range(_UPLOAD_ATTEMPTS - 1):
            try:
                return await self._upload_once(header, image)
            except TierDown:
                continue
        return await self._upload_once(header, image)

    async def _upload_once(self, header: pb.AlbumHeader, image: bytearray) -> pb.Album:
        return (await call(self._stub.UploadAlbum, _messages(header, image), pb.UploadAlbumResponse)).album


async def _messages(header: pb.AlbumHeader, image: bytearray) -> AsyncIterator[pb.UploadAlbumRequest]:
    yield pb.UploadAlbumRequest(header=header)
    for start in range(0, len(image), _PIECE_BYTES):
        yield pb.UploadAlbumRequest(piece=bytes(image[start : start + _PIECE_BYTES]))
