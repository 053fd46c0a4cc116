"""Likes and dislikes of albums, the hottest routes of the album store.

`make bench EXPERIMENT=albums` measures both against a route that does nothing.
"""

from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Path, Request, Response

from gateway.cache.album_reads import ShownCounts
from gateway.clients.votes import OPINIONS
from gateway.idempotency import request_id_of
from gateway.openapi import CACHED_READ, refuses
from gateway.problems import Problem
from gateway.routes.answers import answer, answer_json
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import VoteKey
from gateway.schemas import albums as schemas
from gateway.shop import shop_of

router = APIRouter(prefix="/review", tags=["Albums"], route_class=LeanRoute)

# Not an enumeration for the framework: what is none of these has a reason of its own.
Verb = Annotated[str, Path(json_schema_extra={"enum": list(OPINIONS)})]

_UNKNOWN_VERB: Final = Problem(HTTPStatus.BAD_REQUEST, "UNKNOWN_VERB", "an album can be given a like or a dislike")


@router.post(
    "/{verb}/{albumID}",
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
)
async def cast_vote(
    request: Request, verb: Verb, album_id: Annotated[schemas.AlbumId, Path(alias="albumID")], key: VoteKey = None
) -> Response:
    """Answers as soon as the vote is stored for good; it is counted a moment later."""
    if verb not in OPINIONS:
        return _UNKNOWN_VERB.response()
    shop = shop_of(request)
    await shop.album_reads.album(album_id)
    await shop.votes.cast(album_id, verb, request_id_of(request, key))
    return answer({"albumID": album_id, "vote": verb}, HTTPStatus.CREATED)


@router.get(
    "/{albumID}",
    summary="Tell how many like and dislike an album",
    response_model=schemas.LikeCounts,
    responses=CACHED_READ | refuses({404: "`ALBUM_NOT_FOUND`."}),
)
async def show_counts(request: Request, album_id: Annotated[schemas.AlbumId, Path(alias="albumID")]) -> Response:
    """Counts never go back, whichever gateway is asked."""
    counts, source = await shop_of(request).album_reads.counts(album_id)
    return answer_json(_counts_bytes(counts), source)


def _counts_bytes(counts: ShownCounts) -> bytes:
    if counts.json is None:
        counts.json = orjson.dumps({"likes": counts.message.likes, "dislikes": counts.message.dislikes})
    return counts.json
