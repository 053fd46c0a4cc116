"""The tables of feedback and ratings. Speaks domain objects and domain errors only."""

from collections.abc import Collection
from typing import Final

import asyncpg
from asyncpg import Record

from chassis.postgres import Database, constraint_of
from review.domain import NewFeedback, SellerRating
from review.errors import FeedbackGiven

_FEEDBACK_KEY: Final = "feedback_pkey"


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert_feedback(self, new: NewFeedback, seller_id: str) -> SellerRating:
        """The seller's rating with the new vote counted. Raises FeedbackGiven."""
        try:
            row = await self._database.fetchrow(
                "insert_feedback", new.buyer_id, new.item_id, seller_id, new.vote, new.request_id
            )
        except asyncpg.UniqueViolationError as error:
            if constraint_of(error) == _FEEDBACK_KEY:
                raise FeedbackGiven(new.item_id) from None
            raise
        assert row is not None
        return _rating(row)

    async def find_repeated_feedback(self, new: NewFeedback) -> SellerRating | None:
        """The seller's rating now, when the same request left its feedback before."""
        row = await self._database.fetchrow("find_repeated_feedback", new.buyer_id, new.item_id, new.request_id)
        return _rating(row) if row else None

    async def read_seller_ratings(self, seller_ids: Collection[str]) -> dict[str, SellerRating]:
        """By seller id; sellers nobody voted on are left out."""
        rows = await self._database.fetch("read_seller_ratings", seller_ids)
        return {row["seller_id"]: _rating(row) for row in rows}


def _rating(row: Record) -> SellerRating:
    return SellerRating(row["seller_id"], row["thumbs_up"], row["thumbs_down"])
