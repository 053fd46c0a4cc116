"""Use case: leave feedback on an item one has bought."""

from review.domain import NewFeedback, SellerRating
from review.errors import FeedbackGiven
from review.orders import Orders
from review.repository import Repository


class Feedback:
    def __init__(self, repository: Repository, orders: Orders) -> None:
        self._repository = repository
        self._orders = orders

    async def leave(self, new: NewFeedback) -> SellerRating:
        """The seller's rating with this vote in it. Idempotent by request id.

        Raises ItemNotBought, FeedbackGiven.
        """
        seller_id = await self._orders.seller_of_purchase(new.buyer_id, new.item_id)
        try:
            return await self._repository.insert_feedback(new, seller_id)
        except FeedbackGiven:
            rating = await self._repository.find_repeated_feedback(new)
            if rating is None:
                raise
            return rating
