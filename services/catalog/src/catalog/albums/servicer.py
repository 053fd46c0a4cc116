"""The album store over gRPC: messages in, use case, messages out."""

from collections.abc import AsyncIterator
from typing import Any

from agora.catalog.v1.album_pb2_grpc import AlbumServiceServicer

from agora.catalog.v1 import album_pb2 as pb
from catalog.albums.domain import Album, NewAlbum, Profile, SmallAlbum
from catalog.albums.library import Library, small_album
from chassis.errors import IdempotencyKeyReused, InvalidField


class AlbumServicer(AlbumServiceServicer):
    def __init__(self, library: Library) -> None:
        self._library = library

    async def BatchCreateAlbums(
        self, request: pb.BatchCreateAlbumsRequest, context: Any
    ) -> pb.BatchCreateAlbumsResponse:
        examined = [_small_album(message) for message in request.albums]
        outcomes = iter(await self._library.create([album for album in examined if isinstance(album, SmallAlbum)]))
        return pb.BatchCreateAlbumsResponse(
            results=(_result(album if isinstance(album, InvalidField) else next(outcomes)) for album in examined)
        )

    async def UploadAlbum(
        self, request_iterator: AsyncIterator[pb.UploadAlbumRequest], context: Any
    ) -> pb.UploadAlbumResponse:
        first = await anext(request_iterator, None)
        if first is None or not first.HasField("header"):
            raise InvalidField("header", "must come first")
        header = first.header
        new = NewAlbum(header.request_id, _profile(header.profile), header.image_size)
        album = await self._library.upload(new, _pieces(request_iterator))
        return pb.UploadAlbumResponse(album=_album_message(album))

    async def BatchGetAlbums(self, request: pb.BatchGetAlbumsRequest, context: Any) -> pb.BatchGetAlbumsResponse:
        return pb.BatchGetAlbumsResponse(albums=map(_album_message, await self._library.get(request.album_ids)))

    async def GetAlbumImage(self, request: pb.GetAlbumImageRequest, context: Any) -> pb.GetAlbumImageResponse:
        piece = await self._library.image_piece(request.album_id, request.offset, request.limit)
        return pb.GetAlbumImageResponse(piece=piece)


async def _pieces(messages: AsyncIterator[pb.UploadAlbumRequest]) -> AsyncIterator[bytes]:
    async for message in messages:
        if not message.HasField("piece"):
            raise InvalidField("piece", "must be all that follows the header")
        yield message.piece


def _small_album(message: pb.NewAlbum) -> SmallAlbum | InvalidField:
    try:
        return small_album(NewAlbum(message.request_id, _profile(message.profile), len(message.image)), message.image)
    except InvalidField as refusal:
        return refusal


def _profile(message: pb.AlbumProfile) -> Profile:
    match message.WhichOneof("year"):
        case "year_number":
            return Profile(message.artist, message.title, message.year_number)
        case "year_text":
            return Profile(message.artist, message.title, message.year_text)
        case _:
            raise InvalidField("year", "is required")


def _result(outcome: Album | InvalidField | IdempotencyKeyReused) -> pb.AlbumResult:
    if isinstance(outcome, Album):
        return pb.AlbumResult(album=_album_message(outcome))
    problem = outcome.metadata.get("problem", outcome.message)
    return pb.AlbumResult(
        refusal=pb.AlbumRefusal(field=outcome.metadata["field"], problem=problem, reason=outcome.reason)
    )


def _album_message(album: Album) -> pb.Album:
    return pb.Album(
        album_id=str(album.album_id),
        profile=_profile_message(album.profile),
        image_type=album.image_type,
        image_size=album.image_size,
        image_sha256=album.image_sha256,
    )


def _profile_message(profile: Profile) -> pb.AlbumProfile:
    message = pb.AlbumProfile(artist=profile.artist, title=profile.title)
    if isinstance(profile.year, str):
        message.year_text = profile.year
    else:
        message.year_number = profile.year
    return message
