"""Feedback on items that were bought."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response

from agora.review.v1 import review_pb2 as pb
from gateway.idempotency import request_id_of
from gateway.openapi import KEY_REUSED, refuses
from gateway.routes.answers import answer, rating_json
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import BuyerSession, ItemId, Key
from gateway.schemas.items import Rating
from gateway.schemas.reviews import NewFeedback
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/items", tags=["Items"], route_class=LeanRoute)

_VOTES: Final = {"up": pb.VOTE_UP, "down": pb.VOTE_DOWN}


@router.post(
    "/{item_id}/feedback",
    summary="Vote on an item one bought, once",
    status_code=HTTPStatus.CREATED,
    response_model=Rating,
    responses=refuses({403: "`WRONG_ROLE`, `ITEM_NOT_BOUGHT`.", 409: "`FEEDBACK_GIVEN`."} | KEY_REUSED),
)
async def leave_feedback(
    request: Request, item_id: ItemId, session: BuyerSession, feedback: NewFeedback, key: Key = None
) -> Response:
    """Answers with the seller's rating, this vote counted."""
    rating = await shop_of(request).reviews.leave_feedback(
        pb.LeaveFeedbackRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            buyer_id=session.account_id,
            item_id=item_id,
            vote=_VOTES[feedback.vote],
        )
    )
    return answer(rating_json(rating), HTTPStatus.CREATED)
