"""Albums: uploaded with their image, shown."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from agora.catalog.v1 import album_pb2 as pb
from chassis.context import restart_deadline
from gateway.idempotency import request_id_of
from gateway.openapi import CACHED_READ, KEY_REUSED, Responses, refuses
from gateway.problems import Problem
from gateway.ranges import Span, has_copy, span_of
from gateway.routes.answers import answer, answer_json
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import Key
from gateway.schemas import albums as schemas
from gateway.shop import shop_of
from gateway.uploads import UploadRefused

router = APIRouter(prefix="/albums", tags=["Albums"], route_class=LeanRoute)

_IMAGE_TYPES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_IMAGE: Final[dict[str, Any]] = {"content": {name: {} for name in _IMAGE_TYPES}}
_IMAGE_ANSWERS: Final[Responses] = {
    200: _IMAGE,
    206: _IMAGE | {"description": "The range of bytes that was asked for."},
    304: {"description": "Who asks has it already."},
}
_UPLOAD: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image", "profile"],
                    "properties": {
                        "image": {
                            "type": "string",
                            "format": "binary",
                            "description": "PNG, JPEG, GIF or WebP of at most 10 MiB; its content decides which.",
                        },
                        "profile": schemas.Profile.model_json_schema(),
                    },
                    "additionalProperties": False,
                },
                "encoding": {"image": {"contentType": ", ".join(_IMAGE_TYPES)}},
            }
        },
    }
}
_NOT_FOUND: Final = {404: "`ALBUM_NOT_FOUND`."}
# What is stored never changes, so a copy of it is good for ever. The type is ours to say, and no browser's to guess.
_IMAGE_HEADERS: Final = {
    "accept-ranges": "bytes",
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}


@router.get(
    "/{albumID}",
    summary="Show an album",
    response_model=schemas.ShownProfile,
    responses=CACHED_READ | refuses(_NOT_FOUND),
)
async def show_album(request: Request, album_id: Annotated[schemas.AlbumId, Path(alias="albumID")]) -> Response:
    album, source = await shop_of(request).album_reads.album(album_id)
    if album.json is None:
        album.json = orjson.dumps(_profile_json(album.message.profile))
    return answer_json(album.json, source)


@router.post(
    "",
    summary="Upload an album with its image",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.NewAlbum,
    responses=refuses(
        {
            408: "`UPLOAD_TOO_SLOW`.",
            413: "`IMAGE_TOO_LARGE`, `PROFILE_TOO_LARGE`.",
            429: "`UPLOADS_BUSY`.",
        }
        | KEY_REUSED
    ),
    openapi_extra=_UPLOAD,
)
async def upload_album(request: Request, key: Key = None) -> Response:
    """Nothing is stored unless everything is as it should be."""
    shop = shop_of(request)
    try:
        async with shop.uploads.receive(request) as upload:
            profile = _profile_message(upload.profile)
            restart_deadline()
            album = await shop.albums.create(request_id_of(request, key), profile, upload.image)
    except UploadRefused as refused:
        return refused.problem.response()
    return answer({"albumID": album.album_id, "imageSize": album.image_size}, HTTPStatus.CREATED)


@router.get(
    "/{albumID}/image",
    summary="Show the image of an album",
    response_class=Response,
    responses=_IMAGE_ANSWERS | refuses({**_NOT_FOUND, 416: "`RANGE_NOT_SATISFIABLE`."}),
)
async def show_image(request: Request, album_id: Annotated[schemas.AlbumId, Path(alias="albumID")]) -> Response:
    album = (await shop_of(request).album_reads.album(album_id)).value.message
    etag = f'"{album.image_sha256.hex()}"'
    headers = _IMAGE_HEADERS | {"etag": etag}
    if has_copy(request.headers, etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    span = span_of(request.headers, etag, album.image_size)
    if span is None:
        return await _answer_image(request, album, Span(0, album.image_size), HTTPStatus.OK, headers)
    if span.start >= span.end:
        return _range_refused(album.image_size)
    headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{album.image_size}"
    return await _answer_image(request, album, span, HTTPStatus.PARTIAL_CONTENT, headers)


async def _answer_image(
    request: Request, album: pb.Album, span: Span, status: HTTPStatus, headers: dict[str, str]
) -> Response:
    """The first piece is read before the answer begins, so that what goes wrong until then is still a problem."""
    albums = shop_of(request).albums
    first = await albums.get_image_piece(album.album_id, span.start, span.end - span.start)

    async def pieces() -> AsyncIterator[bytes]:
        yield first
        sent = span.start + len(first)
        while sent < span.end:
            restart_deadline()
            piece = await albums.get_image_piece(album.album_id, sent, span.end - sent)
            sent += len(piece)
            yield piece

    if len(first) == span.end - span.start:
        return Response(first, status, headers, album.image_type)
    headers["content-length"] = str(span.end - span.start)
    return StreamingResponse(pieces(), status, headers, album.image_type)


def _range_refused(size: int) -> Response:
    return Problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "RANGE_NOT_SATISFIABLE",
        f"the image has {size} bytes",
        headers={"content-range": f"bytes */{size}"},
    ).response()


def _profile_message(data: bytearray) -> pb.AlbumProfile:
    """Raises RequestValidationError for what is no JSON or not as described."""
    try:
        profile = schemas.Profile.model_validate_json(data)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", "profile", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None
    message = pb.AlbumProfile(artist=profile.artist, title=profile.title)
    if isinstance(profile.year, str):
        message.year_text = profile.year
    else:
        message.year_number = profile.year
    return message


def _profile_json(profile: pb.AlbumProfile) -> dict[str, Any]:
    year = getattr(profile, profile.WhichOneof("year") or "year_number")
    return {"artist": profile.artist, "title": profile.title, "year": year}
