"""agora.review.v1 over the use cases."""

from typing import Any, Final

from grpc.aio import ServicerContext

from agora.review.v1 import review_pb2, review_pb2_grpc
from chassis.errors import InvalidField
from review.domain import NewFeedback, SellerRating, Vote
from review.feedback import Feedback
from review.ratings import Ratings

_VOTES: Final = {review_pb2.VOTE_UP: Vote.UP, review_pb2.VOTE_DOWN: Vote.DOWN}

Context = ServicerContext[Any, Any]


class ReviewServicer(review_pb2_grpc.ReviewServiceServicer):
    def __init__(self, feedback: Feedback, ratings: Ratings) -> None:
        self._feedback = feedback
        self._ratings = ratings

    async def LeaveFeedback(
        self, request: review_pb2.LeaveFeedbackRequest, _context: Context
    ) -> review_pb2.LeaveFeedbackResponse:
        new = NewFeedback(request.request_id, request.buyer_id, request.item_id, _vote(request.vote))
        return review_pb2.LeaveFeedbackResponse(rating=_wire_rating(await self._feedback.leave(new)))

    async def BatchGetSellerRatings(
        self, request: review_pb2.BatchGetSellerRatingsRequest, _context: Context
    ) -> review_pb2.BatchGetSellerRatingsResponse:
        ratings = await self._ratings.of(request.seller_ids)
        return review_pb2.BatchGetSellerRatingsResponse(ratings=[_wire_rating(rating) for rating in ratings])


def _vote(wire: "review_pb2.Vote.ValueType") -> Vote:
    vote = _VOTES.get(wire)
    if vote is None:
        raise InvalidField("vote", "must be up or down")
    return vote


def _wire_rating(rating: SellerRating) -> review_pb2.SellerRating:
    return review_pb2.SellerRating(
        seller_id=rating.seller_id, thumbs_up=rating.thumbs_up, thumbs_down=rating.thumbs_down
    )
