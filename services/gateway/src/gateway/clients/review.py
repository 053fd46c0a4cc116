"""The review service: feedback and the ratings of sellers."""

from agora.review.v1.review_pb2_grpc import ReviewServiceStub
from grpc.aio import Channel

from agora.review.v1 import review_pb2 as pb
from chassis.grpc_client import call


class Reviews:
    def __init__(self, channel: Channel) -> None:
        self._stub = ReviewServiceStub(channel)

    async def leave_feedback(self, request: pb.LeaveFeedbackRequest) -> pb.SellerRating:
        return (await call(self._stub.LeaveFeedback, request, pb.LeaveFeedbackResponse)).rating

    async def get_ratings(self, seller_ids: list[str]) -> dict[str, pb.SellerRating]:
        """By seller id; zeros for sellers nobody voted on."""
        request = pb.BatchGetSellerRatingsRequest(seller_ids=seller_ids)
        response = await call(self._stub.BatchGetSellerRatings, request, pb.BatchGetSellerRatingsResponse)
        return {rating.seller_id: rating for rating in response.ratings}
