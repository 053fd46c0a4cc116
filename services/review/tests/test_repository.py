"""The tables, on a real PostgreSQL."""

import asyncio

import asyncpg
import pytest

from review.domain import NewFeedback, SellerRating, Vote
from review.errors import FeedbackGiven
from review.repository import Repository


@pytest.fixture
async def repository(open_database, dsn):
    return Repository(await open_database("review", dsn))


@pytest.fixture
async def connection(dsn):
    """A connection of the test's own to the repository's database."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


def vote(buyer_id="buyer", vote=Vote.UP, request_id="r"):
    return NewFeedback(request_id, buyer_id, "item", vote)


async def test_each_vote_is_counted_for_the_seller(repository):
    assert await repository.insert_feedback(vote("a"), "seller") == SellerRating("seller", 1, 0)
    assert await repository.insert_feedback(vote("b", Vote.DOWN), "seller") == SellerRating("seller", 1, 1)
    assert await repository.insert_feedback(vote("c"), "other") == SellerRating("other", 1, 0)
    ratings = await repository.read_seller_ratings(["seller", "other", "unknown"])
    assert ratings == {"seller": SellerRating("seller", 1, 1), "other": SellerRating("other", 1, 0)}


async def test_a_second_vote_of_a_buyer_on_an_item_counts_nothing(repository):
    await repository.insert_feedback(vote(), "seller")
    with pytest.raises(FeedbackGiven):
        await repository.insert_feedback(vote(vote=Vote.DOWN, request_id="another"), "seller")
    assert await repository.read_seller_ratings(["seller"]) == {"seller": SellerRating("seller", 1, 0)}


async def test_a_request_is_recognised_without_its_record(repository, connection):
    """That of an older replica, or one that was deleted."""
    rating = await repository.insert_feedback(vote(), "seller")
    await connection.execute("DELETE FROM feedback_requests")
    assert await repository.insert_feedback(vote(), "seller") == rating


async def test_new_requests_delete_expired_records(repository, connection):
    for number in range(4):
        await repository.insert_feedback(vote(f"buyer-{number}"), "seller")
    await connection.execute("UPDATE feedback_requests SET created_at = now() - interval '8 days'")
    for number in range(4, 6):
        await repository.insert_feedback(vote(f"buyer-{number}"), "seller")
    recorded = await connection.fetch("SELECT buyer_id FROM feedback_requests ORDER BY buyer_id")
    assert [row["buyer_id"] for row in recorded] == ["buyer-4", "buyer-5"]


async def test_100_votes_at_once_on_one_seller_count_exactly(repository, connection):
    buyers = [f"buyer-{number}" for number in range(100)]
    votes = [vote(buyer, Vote.UP if index % 4 else Vote.DOWN) for index, buyer in enumerate(buyers)]
    await asyncio.gather(*(repository.insert_feedback(each, "seller") for each in votes))
    assert await repository.read_seller_ratings(["seller"]) == {"seller": SellerRating("seller", 75, 25)}

    counted = await connection.fetch("SELECT vote, count(*) FROM feedback GROUP BY vote ORDER BY vote")
    assert [tuple(row) for row in counted] == [("down", 25), ("up", 75)]
