"""A review service in memory, which asks the stand-in orders who bought what."""

# ruff: noqa: N802 - RPCs are named by the protos

from typing import Any

from agora.review.v1.review_pb2_grpc import ReviewServiceServicer

from agora.review.v1 import review_pb2 as pb
from chassis.errors import AlreadyExists, PermissionDenied

from .stand_in import StandIn
from .stand_in_catalog import StandInCatalog
from .stand_in_order import StandInOrders


class ItemNotBought(PermissionDenied):
    reason = "ITEM_NOT_BOUGHT"


class FeedbackGiven(AlreadyExists):
    reason = "FEEDBACK_GIVEN"


class StandInReviews(StandIn, ReviewServiceServicer):
    def __init__(self, catalog: StandInCatalog, orders: StandInOrders) -> None:
        super().__init__()
        self._catalog = catalog
        self._orders = orders
        self._votes: dict[tuple[str, str], int] = {}

    async def LeaveFeedback(self, request: pb.LeaveFeedbackRequest, context: Any) -> pb.LeaveFeedbackResponse:
        await self.enter("LeaveFeedback", request, context)
        if not self._orders.has_bought(request.buyer_id, request.item_id):
            raise ItemNotBought("only who bought the item may vote on it")
        if (request.buyer_id, request.item_id) in self._votes:
            raise FeedbackGiven("you voted on this item before")
        self._votes[request.buyer_id, request.item_id] = request.vote
        return pb.LeaveFeedbackResponse(rating=self._rating(self._catalog.items[request.item_id].seller_id))

    async def BatchGetSellerRatings(
        self, request: pb.BatchGetSellerRatingsRequest, context: Any
    ) -> pb.BatchGetSellerRatingsResponse:
        await self.enter("BatchGetSellerRatings", request, context)
        return pb.BatchGetSellerRatingsResponse(ratings=map(self._rating, request.seller_ids))

    def _rating(self, seller_id: str) -> pb.SellerRating:
        votes = [
            vote for (_, item_id), vote in self._votes.items() if self._catalog.items[item_id].seller_id == seller_id
        ]
        return pb.SellerRating(
            seller_id=seller_id, thumbs_up=votes.count(pb.VOTE_UP), thumbs_down=votes.count(pb.VOTE_DOWN)
        )
