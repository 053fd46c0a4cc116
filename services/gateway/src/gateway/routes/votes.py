"""Likes and dislikes of albums.

The hottest routes of the album store. They read their parameters themselves, since the framework takes longer for that
than they do for all the rest (`make bench EXPERIMENT=albums` measures both against a route that does nothing).
"""

import re
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from chassis.errors import InvalidField
from gateway.cache.album_reads import ShownCounts
from gateway.clients.votes import OPINIONS
from gateway.openapi import CACHED_READ, refuses
from gateway.problems import Problem
from gateway.routes.answers import answer, answer_json
from gateway.routes.lean import LeanRoute
from gateway.schemas import albums as schemas
from gateway.shop import shop_of

router = APIRouter(prefix="/review", tags=["Albums"], route_class=LeanRoute)

_KEY: Final = re.compile(r"[\x20-\x7e]{1,200}")
_ALBUM_ID: Final[dict[str, Any]] = {
    "name": "albumID",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "examples": ["1"]},
}
_VERB: Final[dict[str, Any]] = {
    "name": "verb",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(OPINIONS)},
}
_OPTIONAL_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Votes with the same key, album and verb count once. A key is known for an hour.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[\x20-\x7e]+$"},
}
_UNKNOWN_VERB: Final = Problem(HTTPStatus.BAD_REQUEST, "UNKNOWN_VERB", "an album can be given a like or a dislike")


@router.post(
    "/{verb}/{albumID}",  # noqa: FAST003 - read from the request
    summary="Like or dislike an album",
    status_code=HTTPStatus.CREATED,
    response_model=schemas.Vote,
    responses=refuses(
        {
            400: "`UNKNOWN_VERB`.",
            404: "`ALBUM_NOT_FOUND`.",
            429: "`BACKLOG_FULL`: too many votes wait to be counted.",
            503: "`STREAM_DOWN`: the vote was not taken.",
        }
    ),
    openapi_extra={"parameters": [_VERB, _ALBUM_ID, _OPTIONAL_KEY]},
)
async def cast_vote(request: Request) -> Response:
    """Answers as soon as the vote is stored for good; it is counted a moment later."""
    verb, album_id = request.path_params["verb"], request.path_params["albumID"]
    if verb not in OPINIONS:
        return _UNKNOWN_VERB.response()
    shop = shop_of(request)
    await shop.album_reads.album(album_id)
    await shop.votes.cast(album_id, verb, _key_of(request))
    return answer({"albumID": album_id, "vote": verb}, HTTPStatus.CREATED)


@router.get(
    "/{albumID}",  # noqa: FAST003 - read from the request
    summary="Tell how many like and dislike an album",
    response_model=schemas.LikeCounts,
    responses=CACHED_READ | refuses({404: "`ALBUM_NOT_FOUND`."}),
    openapi_extra={"parameters": [_ALBUM_ID]},
)
async def show_counts(request: Request) -> Response:
    """Counts never go back, whichever gateway is asked."""
    counts, source = await shop_of(request).album_reads.counts(request.path_params["albumID"])
    return answer_json(_counts_bytes(counts), source)


def _counts_bytes(counts: ShownCounts) -> bytes:
    if counts.json is None:
        counts.json = orjson.dumps({"likes": counts.message.likes, "dislikes": counts.message.dislikes})
    return counts.json


def _key_of(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidField("Idempotency-Key", "must have 1 to 200 printable characters of ASCII")
    return key
