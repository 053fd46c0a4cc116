"""The tables of feedback and ratings. Speaks domain objects and domain errors only."""

from collections.abc import Collection

from asyncpg import Record

from chassis.idempotency import Request, decide_once
from chassis.postgres import Connection, Database, Transaction
from review.domain import NewFeedback, SellerRating
from review.errors import FeedbackGiven, ItemNotBought


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert_feedback(self, new: NewFeedback, seller_id: str | None) -> SellerRating:
        """Return the seller's rating with the vote counted, now or when the same request was made before.

        `seller_id` is None when the buyer did not buy the item.
        Raises ItemNotBought, FeedbackGiven, IdempotencyKeyReused.
        """

        async def decide(transaction: Transaction) -> SellerRating:
            if seller_id is None:
                raise ItemNotBought(new.item_id)
            row = await transaction.fetchrow(
                "insert_feedback", new.buyer_id, new.item_id, seller_id, new.vote, new.request_id
            )
            # A request that is not recorded may still have left it: too long ago, or through an older replica.
            rating = _rating(row) if row else await _find_repeated(transaction, new)
            if rating is None:
                raise FeedbackGiven(new.item_id)
            return rating

        decided = await decide_once(self._database, Request((new.buyer_id, new.request_id), new.digest), decide)
        rating = decided or await _find_repeated(self._database, new)
        assert rating is not None
        return rating

    async def read_seller_ratings(self, seller_ids: Collection[str]) -> dict[str, SellerRating]:
        """By seller id; sellers nobody voted on are left out."""
        rows = await self._database.fetch("read_seller_ratings", seller_ids)
        return {row["seller_id"]: _rating(row) for row in rows}


async def _find_repeated(connection: Connection, new: NewFeedback) -> SellerRating | None:
    """The seller's rating now, when the same request left its feedback before."""
    row = await connection.fetchrow("find_repeated_feedback", new.buyer_id, new.item_id, new.request_id)
    return _rating(row) if row else None


def _rating(row: Record) -> SellerRating:
    return SellerRating(row["seller_id"], row["thumbs_up"], row["thumbs_down"])
