"""Counts over gRPC."""

import pytest

from agora.review.v1 import like_pb2 as pb
from agora.review.v1 import like_pb2_grpc
from chassis.errors import Refusal
from chassis.grpc_client import call
from review.likes.repository import Repository
from review.likes.servicer import LikeServicer


@pytest.fixture
async def database(open_database, dsn):
    return await open_database("review", dsn)


@pytest.fixture
async def read_counts(database, serve, channel_to):
    served = await serve(like_pb2_grpc.add_LikeServiceServicer_to_server, LikeServicer(Repository(database)))
    stub = like_pb2_grpc.LikeServiceStub(channel_to(served.target))

    async def read(*album_ids):
        request = pb.BatchGetLikeCountsRequest(album_ids=album_ids)
        response = await call(stub.BatchGetLikeCounts, request, pb.BatchGetLikeCountsResponse)
        return [(counts.album_id, counts.likes, counts.dislikes) for counts in response.counts]

    return read


async def test_counts_come_in_the_order_they_were_asked_for_and_are_zero_for_albums_nobody_voted_on(
    database, read_counts
):
    ids = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]
    await database.fetch("count_votes", ids, ["7", "7"], [True, False])
    assert await read_counts("8", "7", "8") == [("8", 0, 0), ("7", 1, 1), ("8", 0, 0)]


async def test_too_many_ids_are_refused(read_counts):
    with pytest.raises(Refusal, match="album_ids"):
        await read_counts(*["1"] * 1001)


async def test_ids_that_no_album_can_have_spoil_no_others(database, read_counts):
    await database.fetch("count_votes", ["00000000-0000-0000-0000-000000000001"], ["7"], [True])
    odd = ["", "a\0", "a" * 101, "\u200b"]
    assert await read_counts(*odd, "7") == [*((each, 0, 0) for each in odd), ("7", 1, 0)]
