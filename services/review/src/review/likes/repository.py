"""The tables of counts, counted votes and parked entries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from chassis.postgres import Database, Transaction
from review.errors import UncountableVotes
from review.likes.domain import LikeCounts, Vote


class Counted(NamedTuple):
    """How many votes of a batch were new, and the albums whose counts changed."""

    votes: int
    album_ids: list[str]


class Parked(NamedTuple):
    """An entry of the stream that cannot be counted."""

    entry_id: str
    entry: bytes
    problem: str


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def read_counts(self, album_ids: Collection[str]) -> dict[str, LikeCounts]:
        """By album id; albums nobody voted on are left out."""
        rows = await self._database.fetch("read_like_counts", album_ids)
        return {row["album_id"]: LikeCounts(row["album_id"], row["likes"], row["dislikes"]) for row in rows}

    async def count(self, transaction: Transaction, votes: Collection[Vote]) -> Counted:
        """Add the votes that were not counted before. The rows of the changed counts stay locked until the commit.

        Raises UncountableVotes.
        """
        distinct: Mapping[object, Vote] = {vote.vote_id: vote for vote in votes}
        try:
            rows = await transaction.fetch(
                "count_votes",
                list(distinct),
                [vote.album_id for vote in distinct.values()],
                [vote.likes for vote in distinct.values()],
            )
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise UncountableVotes(str(error)) from error
        return Counted(rows[0]["counted"] if rows else 0, [row["album_id"] for row in rows])

    async def park(self, parked: Sequence[Parked]) -> None:
        await self._database.execute(
            "park_votes",
            [entry.entry_id for entry in parked],
            [entry.entry for entry in parked],
            [entry.problem for entry in parked],
        )

    async def count_parked(self) -> int:
        row = await self._database.fetchrow("count_parked_votes")
        assert row is not None
        return int(row["parked"])

    async def forget_counted(self, before: datetime, limit: int) -> None:
        """Forget at most `limit` ids that were counted before that moment."""
        await self._database.execute("forget_counted_votes", before, limit)
