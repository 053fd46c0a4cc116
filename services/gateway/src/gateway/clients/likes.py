"""The counts of likes and dislikes, as the review service reads them."""

from agora.review.v1.like_pb2_grpc import LikeServiceStub
from grpc.aio import Channel

from agora.review.v1 import like_pb2 as pb
from chassis.grpc_client import call


class Likes:
    def __init__(self, channel: Channel) -> None:
        self._stub = LikeServiceStub(channel)

    async def get_counts(self, album_ids: list[str]) -> dict[str, pb.LikeCounts]:
        """By album id; zeros for albums nobody voted on."""
        request = pb.BatchGetLikeCountsRequest(album_ids=album_ids)
        response = await call(self._stub.BatchGetLikeCounts, request, pb.BatchGetLikeCountsResponse)
        return {counts.album_id: counts for counts in response.counts}
