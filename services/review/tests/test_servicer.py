"""agora.review.v1 through a real server and channel, beside a real order service."""

import asyncio

import grpc
import pytest

from agora.review.v1 import review_pb2
from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from chassis.status import code_of


async def refused(call):
    """The code, reason and metadata of a refused call."""
    with pytest.raises(Refusal) as caught:
        await call
    return code_of(caught.value), caught.value.reason, caught.value.metadata


def rating(seller_id, thumbs_up=0, thumbs_down=0):
    return review_pb2.SellerRating(seller_id=seller_id, thumbs_up=thumbs_up, thumbs_down=thumbs_down)


async def test_feedback_counts_for_who_sold_the_item(replica, book):
    book.purchases = {("ann", "1"): "seller", ("bob", "1"): "seller"}
    assert await replica.leave("ann", "1") == rating("seller", 1)
    assert await replica.leave("bob", "1", review_pb2.VOTE_DOWN) == rating("seller", 1, 1)


async def test_who_did_not_buy_an_item_leaves_no_feedback(replica, book):
    book.purchases = {("ann", "1"): "seller"}
    assert await refused(replica.leave("ann", "2")) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "ITEM_NOT_BOUGHT",
        {"item_id": "2"},
    )
    assert (await refused(replica.leave("bob", "1")))[1] == "ITEM_NOT_BOUGHT"
    assert await replica.ratings("seller") == [rating("seller")]


async def test_a_repeated_request_is_answered_as_the_first_was(replica, book):
    book.purchases = {("ann", "1"): "seller"}
    first = await replica.leave("ann", "1", request_id="r")
    assert await replica.leave("ann", "1", request_id="r") == first == rating("seller", 1)


async def test_other_feedback_under_the_same_request_id_is_rejected(replica, book, subtests):
    book.purchases = {("ann", "1"): "seller", ("ann", "2"): "seller"}
    await replica.leave("ann", "1", request_id="r")
    for name, other in {
        "vote": replica.leave("ann", "1", review_pb2.VOTE_DOWN, request_id="r"),
        "item": replica.leave("ann", "2", request_id="r"),
        "item not bought": replica.leave("ann", "3", request_id="r"),
    }.items():
        with subtests.test(name):
            code, reason, _ = await refused(other)
            assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    assert await replica.ratings("seller") == [rating("seller", 1)]


async def test_request_ids_belong_to_their_buyer(replica, book):
    book.purchases = {("ann", "1"): "seller", ("bob", "1"): "seller"}
    await replica.leave("ann", "1", request_id="r")
    assert await replica.leave("bob", "1", review_pb2.VOTE_DOWN, request_id="r") == rating("seller", 1, 1)


async def test_rejected_feedback_stays_rejected_when_it_would_be_allowed(replica, book):
    first = await refused(replica.leave("ann", "1", request_id="r"))
    assert first[1] == "ITEM_NOT_BOUGHT"
    book.purchases = {("ann", "1"): "seller"}
    assert await refused(replica.leave("ann", "1", request_id="r")) == first
    assert await replica.leave("ann", "1", request_id="s") == rating("seller", 1)


async def test_a_second_vote_is_refused(replica, book):
    book.purchases = {("ann", "1"): "seller"}
    await replica.leave("ann", "1")
    assert await refused(replica.leave("ann", "1", review_pb2.VOTE_DOWN)) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "FEEDBACK_GIVEN",
        {"item_id": "1"},
    )
    assert await replica.ratings("seller") == [rating("seller", 1)]


async def test_of_two_votes_at_once_one_counts(start_replica, book):
    book.purchases = {("ann", "1"): "seller"}
    replicas = [await start_replica(), await start_replica()]
    outcomes = await asyncio.gather(*(replica.leave("ann", "1") for replica in replicas), return_exceptions=True)
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)] == ["FEEDBACK_GIVEN"]
    assert await replicas[0].ratings("seller") == [rating("seller", 1)]


async def test_the_same_request_sent_at_once_to_two_replicas_counts_once(start_replica, book):
    book.purchases = {("ann", "1"): "seller"}
    replicas = [await start_replica(), await start_replica()]
    answers = await asyncio.gather(*(replica.leave("ann", "1", request_id="r") for replica in replicas * 4))
    assert answers == [rating("seller", 1)] * 8


async def test_100_votes_at_once_through_two_replicas_count_exactly(start_replica, book):
    book.purchases = {(f"buyer-{number}", "1"): "seller" for number in range(100)}
    replicas = [await start_replica(), await start_replica()]
    await asyncio.gather(*(replicas[number % 2].leave(f"buyer-{number}", "1") for number in range(100)))
    assert await replicas[0].ratings("seller") == [rating("seller", 100)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"buyer_id": ""}, "buyer_id"),
        ({"item_id": "1\0"}, "item_id"),
        ({"vote": review_pb2.VOTE_UNSPECIFIED}, "vote"),
        ({"vote": 77}, "vote"),
    ],
)
async def test_an_invalid_field_is_named(replica, changed, field):
    code, reason, metadata = await refused(replica.leave(**changed))
    assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)


async def test_ratings_come_in_the_order_of_the_request_with_zeros_for_the_unknown(replica, book):
    book.purchases = {("ann", "1"): "first", ("ann", "2"): "second"}
    await replica.leave("ann", "1")
    await replica.leave("ann", "2", review_pb2.VOTE_DOWN)
    answer = await replica.ratings("second", "unknown", "first", "second")
    assert answer == [rating("second", 0, 1), rating("unknown"), rating("first", 1), rating("second", 0, 1)]
    assert await replica.ratings() == []


async def test_ids_that_no_seller_can_have_spoil_no_others(replica, book):
    book.purchases = {("ann", "1"): "first"}
    await replica.leave("ann", "1")
    odd = ["", "a\0", "a" * 101, "\u200b"]
    assert await replica.ratings(*odd, "first") == [*map(rating, odd), rating("first", 1)]


async def test_a_thousand_ratings_fit_in_one_call_and_more_are_refused(replica):
    seller_ids = [f"seller-{number}" for number in range(1001)]
    assert len(await replica.ratings(*seller_ids[:1000])) == 1000
    code, reason, metadata = await refused(replica.ratings(*seller_ids))
    assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "seller_ids")


async def test_without_the_order_service_ratings_are_read_and_feedback_is_unavailable(replica, order_service):
    await order_service.kill()
    assert await replica.ratings("seller") == [rating("seller")]
    enter(RequestContext())
    code, _, _ = await refused(replica.leave())
    assert code is grpc.StatusCode.UNAVAILABLE


async def test_a_lost_database_is_unavailable(replica):
    await replica.database.close()
    code, reason, _ = await refused(replica.ratings("seller"))
    assert (code, reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_DOWN")
