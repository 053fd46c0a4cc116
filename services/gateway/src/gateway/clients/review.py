"""The review service: feedback and the ratings of sellers."""

from agora.review.v1.review_pb2_grpc import ReviewServiceStub
from grpc.aio import Channel

from agora.review.v1 import review_pb2 as pb
from chassis.grpc_client import call
from gateway.clients.look_ups import LookUp


class Reviews:
    def __init__(self, channel: Channel) -> None:
        self._stub = ReviewServiceStub(channel)
        self._ratings = LookUp("ratings", self._fetch_ratings)

    async def leave_feedback(self, request: pb.LeaveFeedbackRequest) -> pb.SellerRating:
        return (await call(self._stub.LeaveFeedback, request, pb.LeaveFeedbackResponse)).rating

    async def get_rating(self, seller_id: str) -> pb.SellerRating:
        return await self._ratings.find(seller_id) or pb.SellerRating(seller_id=seller_id)

    async def _fetch_ratings(self, seller_ids: list[str]) -> dict[str, pb.SellerRating]:
        request = pb.BatchGetSellerRatingsRequest(seller_ids=seller_ids)
        response = await call(self._stub.BatchGetSellerRatings, request, pb.BatchGetSellerRatingsResponse)
        return {rating.seller_id: rating for rating in response.ratings}
