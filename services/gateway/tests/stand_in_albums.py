"""An album store and its counts in memory."""

# ruff: noqa: N802 - RPCs are named by the protos

import hashlib
import itertools
from typing import Any

from agora.catalog.v1.album_pb2_grpc import AlbumServiceServicer
from agora.review.v1.like_pb2_grpc import LikeServiceServicer

from agora.catalog.v1 import album_pb2 as pb
from agora.review.v1 import like_pb2
from chassis.errors import InvalidField, NotFound

from .stand_in import StandIn

PIECE_BYTES = 256 * 1024


class AlbumNotFound(NotFound):
    reason = "ALBUM_NOT_FOUND"


class StandInAlbums(StandIn, AlbumServiceServicer):
    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(1)
        self._by_request: dict[str, pb.Album] = {}
        self.images: dict[str, bytes] = {}

    async def BatchCreateAlbums(
        self, request: pb.BatchCreateAlbumsRequest, context: Any
    ) -> pb.BatchCreateAlbumsResponse:
        await self.enter("BatchCreateAlbums", request, context)
        results = []
        for new in request.albums:
            try:
                results.append(pb.AlbumResult(album=self._store(new.request_id, new.profile, new.image)))
            except InvalidField as refusal:
                problem = refusal.metadata["problem"]
                results.append(pb.AlbumResult(refusal=pb.AlbumRefusal(field=refusal.field, problem=problem)))
        return pb.BatchCreateAlbumsResponse(results=results)

    async def UploadAlbum(self, request_iterator: Any, context: Any) -> pb.UploadAlbumResponse:
        header = (await anext(request_iterator)).header
        await self.enter("UploadAlbum", header, context)
        image = b"".join([message.piece async for message in request_iterator])
        return pb.UploadAlbumResponse(album=self._store(header.request_id, header.profile, image))

    async def BatchGetAlbums(self, request: pb.BatchGetAlbumsRequest, context: Any) -> pb.BatchGetAlbumsResponse:
        await self.enter("BatchGetAlbums", request, context)
        albums = [album for album in self._by_request.values() if album.album_id in request.album_ids]
        return pb.BatchGetAlbumsResponse(albums=albums)

    async def GetAlbumImage(self, request: pb.GetAlbumImageRequest, context: Any) -> pb.GetAlbumImageResponse:
        await self.enter("GetAlbumImage", request, context)
        if request.album_id not in self.images:
            raise AlbumNotFound("there is no such album")
        end = request.offset + min(request.limit, PIECE_BYTES)
        return pb.GetAlbumImageResponse(piece=self.images[request.album_id][request.offset : end])

    def _store(self, request_id: str, profile: pb.AlbumProfile, image: bytes) -> pb.Album:
        if not image.startswith(b"\x89PNG\r\n\x1a\n"):
            raise InvalidField("image", "must be a PNG, JPEG, GIF or WebP image")
        if request_id not in self._by_request:
            album_id = str(next(self._ids))
            self.images[album_id] = image
            self._by_request[request_id] = pb.Album(
                album_id=album_id,
                profile=profile,
                image_type="image/png",
                image_size=len(image),
                image_sha256=hashlib.sha256(image).digest(),
            )
        return self._by_request[request_id]


class StandInLikes(StandIn, LikeServiceServicer):
    """Tells the counts that tests put in."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, tuple[int, int]] = {}

    async def BatchGetLikeCounts(
        self, request: like_pb2.BatchGetLikeCountsRequest, context: Any
    ) -> like_pb2.BatchGetLikeCountsResponse:
        await self.enter("BatchGetLikeCounts", request, context)
        counts = (
            like_pb2.LikeCounts(album_id=name, likes=likes, dislikes=dislikes)
            for name in request.album_ids
            for likes, dislikes in [self.counts.get(name, (0, 0))]
        )
        return like_pb2.BatchGetLikeCountsResponse(counts=counts)
