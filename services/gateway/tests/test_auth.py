"""Who may do what, and how a session ends."""

import asyncio
import hashlib
from types import SimpleNamespace

import pytest
from fastapi import Request

from agora.account.v1 import account_pb2 as pb
from gateway.auth import anyone_signed_in
from gateway.clients.sessions import Sessions

BUYER_ONLY = [
    ("GET", "/v1/cart"),
    ("POST", "/v1/cart/items"),
    ("DELETE", "/v1/cart/items/1"),
    ("DELETE", "/v1/cart"),
    ("POST", "/v1/cart/save"),
    ("POST", "/v1/orders"),
    ("GET", "/v1/orders"),
    ("GET", "/v1/orders/1"),
    ("POST", "/v1/items/1/feedback"),
]
SELLER_ONLY = [("POST", "/v1/items"), ("PATCH", "/v1/items/1"), ("GET", "/v1/sellers/me/items")]
ANY_SESSION = [("DELETE", "/v1/sessions/current"), ("GET", "/v1/sellers/1/rating")]


@pytest.mark.parametrize(("method", "path"), BUYER_ONLY + SELLER_ONLY + ANY_SESSION)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Bearer garbage", "garbage"])
def test_without_a_live_session_the_answer_is_401(http, method, path, header):
    answer = http.request(method, path, headers={} if header is None else {"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["reason"] == ("SESSION_ENDED" if header == "Bearer garbage" else "SESSION_REQUIRED")


@pytest.mark.parametrize(("method", "path"), BUYER_ONLY)
def test_a_seller_is_no_buyer(seller, method, path):
    answer = seller.http.request(method, path)
    assert (answer.status_code, answer.json()["reason"]) == (403, "WRONG_ROLE")


@pytest.mark.parametrize(("method", "path"), SELLER_ONLY)
def test_a_buyer_is_no_seller(buyer, method, path):
    answer = buyer.http.request(method, path)
    assert (answer.status_code, answer.json()["reason"]) == (403, "WRONG_ROLE")


def test_only_the_hash_of_a_token_leaves_the_gateway(buyer, mesh):
    mesh.calm()
    buyer.http.get("/v1/cart")
    assert (
        hashlib.sha256(buyer.token.encode()).digest()
        in mesh.account.calls_of("BatchGetSessions")[0].request.token_hashes
    )
    sent = b"".join(
        call.request.SerializeToString() for tier in (mesh.account, mesh.order, mesh.catalog) for call in tier.calls
    )
    assert buyer.token.encode() not in sent


def test_the_scheme_is_compared_without_regard_to_case(buyer):
    assert buyer.http.get("/v1/cart", headers={"authorization": f"bearer {buyer.token}"}).status_code == 200


def test_a_session_seen_just_now_costs_no_call(buyer, mesh):
    buyer.http.get("/v1/cart")

    def is_looked_up():
        mesh.calm()
        assert buyer.http.get("/v1/cart").status_code == 200
        return mesh.account.calls_of("BatchGetSessions")

    # On a machine that stands still it may be forgotten by the next request, but not by each.
    assert not all(is_looked_up() for _ in range(20))


def test_signing_out_ends_the_session_at_once(buyer):
    assert buyer.http.get("/v1/cart").status_code == 200
    ended = buyer.http.delete("/v1/sessions/current")
    assert (ended.status_code, ended.content) == (204, b"")
    refused = buyer.http.get("/v1/cart")
    assert (refused.status_code, refused.json()["reason"]) == (401, "SESSION_ENDED")


class Accounts:
    """Answers when told to, with what was true when asked."""

    def __init__(self, *live):
        self.live = {session.token_hash: session for session in live}
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def find_session(self, token_hash):
        self.asked += 1
        session = self.live.get(token_hash)
        await self.may_answer.wait()
        return session

    async def delete_session(self, token_hash):
        self.live.pop(token_hash, None)


@pytest.fixture
def session():
    return pb.Session(session_id="1", token_hash=b"hash")


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


async def test_a_session_is_remembered_for_nine_tenths_of_a_second_since_it_was_asked_for(session):
    clock, accounts = Clock(), Accounts(session)
    sessions = Sessions(accounts, clock)
    accounts.may_answer.clear()
    looking = asyncio.ensure_future(sessions.find(b"hash"))
    await asyncio.sleep(0)
    clock.now += 0.3
    accounts.may_answer.set()
    assert await looking is session
    clock.now += 0.59
    await sessions.find(b"hash")
    assert accounts.asked == 1
    clock.now += 0.02
    await sessions.find(b"hash")
    assert accounts.asked == 2


async def test_a_look_up_in_flight_during_logout_does_not_revive_the_session(session):
    accounts = Accounts(session)
    sessions = Sessions(accounts)
    accounts.may_answer.clear()
    looking = asyncio.ensure_future(sessions.find(b"hash"))
    await asyncio.sleep(0)
    await sessions.end(b"hash")
    accounts.may_answer.set()
    assert await looking is None
    assert await sessions.find(b"hash") is None


async def test_a_replica_that_lags_behind_a_logout_is_not_believed(session):
    accounts = Accounts(session)
    sessions = Sessions(accounts)
    await sessions.end(b"hash")
    accounts.live[b"hash"] = session
    assert await sessions.find(b"hash") is None


async def test_what_is_remembered_of_sessions_is_bounded(session):
    clock = Clock()
    accounts = Accounts(*(pb.Session(token_hash=str(number).encode()) for number in range(20_010)))
    sessions = Sessions(accounts, clock)
    for token_hash in list(accounts.live):
        await sessions.find(token_hash)
    assert len(sessions._seen) == 20_000
    for number in range(10):
        await sessions.end(str(number).encode())
        clock.now += 2
    assert len(sessions._ended) == 8


def test_account_service_is_told_the_clients_address(http, mesh):
    http.post("/v1/sessions", json={"username": "nobody", "password": "wrong horse"})
    http.post("/v1/accounts", json={"username": "ann-127", "password": "correct horse", "role": "buyer"})
    for rpc in ("CreateSession", "CreateAccount"):
        assert mesh.account.calls_of(rpc)[-1].request.client_address == "127.0.0.1"


class Used(list):
    use = list.append


async def test_any_request_of_a_session_keeps_its_cart():
    """A session may be in use for days without a request that is about its cart."""
    session = pb.Session(session_id="1", token_hash=hashlib.sha256(b"token").digest())
    shop = SimpleNamespace(sessions=Sessions(Accounts(session)), carts_in_use=Used())
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer token")], "state": {"shop": shop}}
    assert await anyone_signed_in(Request(scope)) is session
    assert shop.carts_in_use == [session.session_id]
