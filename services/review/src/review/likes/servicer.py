"""agora.review.v1.LikeService over the tables: a plain read, with nothing to decide between."""

from typing import Any

from agora.review.v1.like_pb2_grpc import LikeServiceServicer
from grpc.aio import ServicerContext

from agora.review.v1 import like_pb2 as pb
from chassis.errors import InvalidField
from review.domain import could_be_id
from review.likes.domain import MAX_ALBUMS, LikeCounts
from review.likes.repository import Repository

Context = ServicerContext[Any, Any]


class LikeServicer(LikeServiceServicer):
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def BatchGetLikeCounts(
        self, request: pb.BatchGetLikeCountsRequest, _context: Context
    ) -> pb.BatchGetLikeCountsResponse:
        if len(request.album_ids) > MAX_ALBUMS:
            raise InvalidField("album_ids", f"must be at most {MAX_ALBUMS}")
        known = await self._repository.read_counts(list(filter(could_be_id, request.album_ids)))
        counts = (known.get(album_id) or LikeCounts(album_id, 0, 0) for album_id in request.album_ids)
        return pb.BatchGetLikeCountsResponse(counts=map(_wire_counts, counts))


def _wire_counts(counts: LikeCounts) -> pb.LikeCounts:
    return pb.LikeCounts(album_id=counts.album_id, likes=counts.likes, dislikes=counts.dislikes)
