"""agora.account.v1 through a real server and channel."""

import asyncio
from uuid import UUID

import grpc
import pytest

from account.sessions import hash_of
from agora.account.v1 import account_pb2
from chassis import grpc_client
from chassis.digest import digest_of
from chassis.errors import Refusal
from chassis.status import code_of


async def refused(call):
    """The code, reason and metadata of a refused call."""
    with pytest.raises(Refusal) as caught:
        await call
    return code_of(caught.value), caught.value.reason, caught.value.metadata


async def test_an_account_is_made_as_it_was_asked_for(replica):
    account = await replica.create_account("bob", account_pb2.ROLE_SELLER)
    assert (account.username, account.role) == ("bob", account_pb2.ROLE_SELLER)
    assert account.account_id


async def test_a_repeated_request_returns_the_account_it_made(replica):
    first = await replica.create_account(request_id="r")
    assert await replica.create_account(request_id="r") == first


async def test_another_account_under_the_same_request_id_is_rejected(replica, subtests):
    await replica.create_account("ann", request_id="r")
    for name, other in {
        "username": replica.create_account("bob", request_id="r"),
        "role": replica.create_account("ann", account_pb2.ROLE_SELLER, request_id="r"),
        "password": replica.create_account("ann", request_id="r", password="another horse"),
    }.items():
        with subtests.test(name):
            code, reason, _ = await refused(other)
            assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    assert (await replica.create_account("bob")).username == "bob"


async def test_a_rejected_request_stays_rejected_with_another_username(replica):
    await replica.create_account("ann")
    first = await refused(replica.create_account("ann", request_id="r"))
    assert first[:2] == (grpc.StatusCode.ALREADY_EXISTS, "USERNAME_TAKEN")
    assert await refused(replica.create_account("ann", request_id="r")) == first
    assert (await refused(replica.create_account("bob", request_id="r")))[1] == "IDEMPOTENCY_KEY_REUSED"


async def test_of_two_usernames_at_once_under_one_request_id_one_is_made(replica):
    answers = await asyncio.gather(
        *(replica.create_account(f"ann-{number}", request_id="r") for number in range(6)), return_exceptions=True
    )
    rejected = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [rejection.reason for rejection in rejected] == ["IDEMPOTENCY_KEY_REUSED"] * 5


async def test_the_stored_digest_does_not_depend_on_the_password(replica):
    await replica.create_account("ann", request_id="r")
    recorded = await replica.database.fetchrow("find_request", "r")
    assert recorded["request_digest"] == digest_of("ann", "buyer")


async def test_the_same_request_sent_at_once_makes_one_account(replica):
    answers = await asyncio.gather(*(replica.create_account(request_id="r") for _ in range(8)))
    assert len({account.account_id for account in answers}) == 1


async def test_of_two_who_want_a_username_at_once_one_gets_it(replica):
    outcomes = await asyncio.gather(*(replica.create_account() for _ in range(2)), return_exceptions=True)
    [taken] = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (code_of(taken), taken.reason) == (grpc.StatusCode.ALREADY_EXISTS, "USERNAME_TAKEN")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "a\0"}, "username"),
        ({"username": ""}, "username"),
        ({"password": "short"}, "password"),
        ({"request_id": ""}, "request_id"),
        ({"role": account_pb2.ROLE_UNSPECIFIED}, "role"),
        ({"role": 77}, "role"),
    ],
)
async def test_an_invalid_field_is_named(replica, changed, field):
    code, reason, metadata = await refused(replica.create_account(**changed))
    assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)


async def test_a_wrong_password_and_an_unknown_or_impossible_username_are_refused_alike(replica):
    await replica.create_account()
    refusals = [
        await refused(replica.sign_in("ann", "wrong password")),
        await refused(replica.sign_in("nobody", "wrong password")),
        await refused(replica.sign_in("\0", "wrong password")),
        await refused(replica.sign_in("", "")),
    ]
    assert refusals == [(grpc.StatusCode.UNAUTHENTICATED, "WRONG_CREDENTIALS", {})] * 4


@pytest.mark.parametrize("token_hashes", [[b"short"], [b"x" * 32] * 1001])
async def test_malformed_and_too_many_token_hashes_are_refused(replica, token_hashes):
    code, reason, metadata = await refused(replica.live(*token_hashes))
    assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "token_hashes")


async def test_a_malformed_token_hash_cannot_be_signed_out(replica):
    code, reason, metadata = await refused(replica.sign_out(b"short"))
    assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "token_hash")


async def test_a_thousand_tokens_fit_in_one_call(replica):
    assert await replica.live(*(hash_of(str(number)) for number in range(1000))) == []


async def test_a_lost_database_is_unavailable(replica):
    await replica.database.close()
    code, reason, _ = await refused(replica.live(hash_of("any")))
    assert (code, reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_DOWN")


async def test_sellers_are_told_from_buyers_and_unknown_ids(replica):
    seller = await replica.create_account("sam", account_pb2.ROLE_SELLER)
    buyer = await replica.create_account("bob", account_pb2.ROLE_BUYER)
    other_spelling = seller.account_id.upper()
    asked = [seller.account_id, buyer.account_id, "nosuch", "\u200b", str(UUID(int=7)), other_spelling]
    request = account_pb2.BatchGetSellersRequest(seller_ids=asked)
    response = await grpc_client.call(replica.stub.BatchGetSellers, request, account_pb2.BatchGetSellersResponse)
    assert list(response.seller_ids) == [seller.account_id]


async def test_more_sellers_than_a_batch_holds_are_rejected(replica):
    request = account_pb2.BatchGetSellersRequest(seller_ids=["nosuch"] * 1001)
    call = grpc_client.call(replica.stub.BatchGetSellers, request, account_pb2.BatchGetSellersResponse)
    assert (await refused(call))[1:] == ("INVALID_FIELD", {"field": "seller_ids", "problem": "must be at most 1000"})
