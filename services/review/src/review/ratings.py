"""Use case: read the ratings of sellers."""

from collections.abc import Sequence

from review.domain import SellerRating, check_seller_ids
from review.repository import Repository


class Ratings:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def of(self, seller_ids: Sequence[str]) -> list[SellerRating]:
        """One rating for each id, in their order; zeros for sellers nobody voted on."""
        check_seller_ids(seller_ids)
        known = await self._repository.read_seller_ratings(seller_ids)
        return [known.get(seller_id) or SellerRating(seller_id, 0, 0) for seller_id in seller_ids]
