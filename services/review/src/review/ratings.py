"""Use case: read the ratings of sellers."""

from collections.abc import Sequence

from chassis.errors import InvalidField
from review.domain import MAX_SELLERS, SellerRating, could_be_id
from review.repository import Repository


class Ratings:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def of(self, seller_ids: Sequence[str]) -> list[SellerRating]:
        """One rating for each id, in their order; zeros for sellers nobody voted on."""
        if len(seller_ids) > MAX_SELLERS:
            raise InvalidField("seller_ids", f"must be at most {MAX_SELLERS}")
        known = await self._repository.read_seller_ratings(list(filter(could_be_id, seller_ids)))
        return [known.get(seller_id) or SellerRating(seller_id, 0, 0) for seller_id in seller_ids]
