"""Use case: leave feedback on an item one has bought."""

from chassis.invalidation import Invalidation
from review.domain import NewFeedback, SellerRating
from review.errors import ItemNotBought
from review.orders import Orders
from review.repository import Repository


class Feedback:
    def __init__(self, repository: Repository, orders: Orders, invalidation: Invalidation) -> None:
        self._repository = repository
        self._orders = orders
        self._invalidation = invalidation

    async def leave(self, new: NewFeedback) -> SellerRating:
        """The seller's rating with this vote in it. Idempotent by request id.

        Raises ItemNotBought, FeedbackGiven, IdempotencyKeyReused.
        """
        rating = await self._repository.insert_feedback(new, await self._seller_of(new))
        # Gateways keep copies under this name.
        await self._invalidation.run([f"rating:{rating.seller_id}"])
        return rating

    async def _seller_of(self, new: NewFeedback) -> str | None:
        try:
            return await self._orders.seller_of_purchase(new.buyer_id, new.item_id)
        except ItemNotBought:
            return None
