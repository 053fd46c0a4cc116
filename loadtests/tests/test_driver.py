"""Clients against a stand-in of a shop that can be slow, wrong and gone."""

import asyncio
import itertools
import json
import re
import time
from contextlib import asynccontextmanager, suppress

import pytest
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from loadtests.driver.clients import run_load
from loadtests.driver.connections import connect
from loadtests.driver.fleet import Fleet
from loadtests.driver.load import UNIQUE, Address, Load, Step
from loadtests.experiments.requests import frame, http_get, http_post

from agora.catalog.v1 import catalog_pb2
from monolith.frames import LENGTH, Answer, read_length, read_request, write_answer

LOOK = Step(http_get("/v1/items/8"), b'"8"')
FRAMED = Step(frame("a/B", catalog_pb2.RegisterItemRequest(request_id=UNIQUE.decode()), "token"), b"8")


request_ids = itertools.count()


def problem(request_id):
    body = json.dumps({"reason": "CART_EMPTY", "detail": "the cart is empty", "request_id": request_id})
    return f"HTTP/1.1 409 Conflict\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def error_frame(request):
    info = Any()
    info.Pack(ErrorInfo(reason="CART_EMPTY", metadata={"request_id": str(next(request_ids))}))
    return Answer(request.number, 9, Status(message="the cart is empty", details=[info]).SerializeToString())


class StandIn:
    """Answers every request with `reply`, or with what `answer` makes of its frame, after `delay_s`."""

    def __init__(self):
        self.answer = lambda request: Answer(request.number, 0, b"8")
        self.reply = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\nserver-timing: gateway;dur=2.0\r\n\r\n{"item_id":"8"}'
        self.delay_s = 0.0
        self.received = []

    async def serve_http(self, reader, writer):
        while head := await self._read(reader.readuntil(b"\r\n\r\n")):
            length = re.search(rb"content-length: (\d+)", head)
            self.received.append(head + (await reader.readexactly(int(length[1])) if length else b""))
            await asyncio.sleep(self.delay_s)
            writer.write(self.reply)
            if not self.reply:
                break

    async def serve_frames(self, reader, writer):
        while head := await self._read(reader.readexactly(LENGTH.size)):
            request = read_request(await reader.readexactly(read_length(head)))
            self.received.append(request)
            writer.write(write_answer(self.answer(request)))

    async def _read(self, reading):
        try:
            return await reading
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""


@asynccontextmanager
async def serving(serve, transport):
    conversations = []

    async def converse(reader, writer):
        conversations.append(asyncio.current_task())
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield Address(transport, "127.0.0.1", server.sockets[0].getsockname()[1])
    # The clients have hung up by now.
    await asyncio.gather(*conversations)


@pytest.fixture
def shop():
    return StandIn()


async def outcome_of(address, steps=(LOOK,), clients=2, operations=10, seconds=60.0, arrivals_per_s=None):
    load = Load(address, (steps,) * clients, operations, seconds, arrivals_per_s)
    connections = [await connect(address) for _ in range(clients)]
    try:
        return await run_load(load, connections)
    finally:
        for connection in connections:
            connection.close()


async def test_each_client_does_its_operations_and_tiers_are_read(shop):
    async with serving(shop.serve_http, "rest") as address:
        outcome = await outcome_of(address, operations=16)
    assert (len(outcome.latencies), outcome.errors.total(), len(shop.received)) == (32, 0, 32)
    assert outcome.tier_ms == {"gateway": 2.0 * outcome.tiers_read}


async def test_no_operation_begins_after_the_time_is_up(shop):
    shop.delay_s = 0.05
    async with serving(shop.serve_http, "rest") as address:
        outcome = await outcome_of(address, operations=1000, seconds=0.2)
    # Two clients, four turns of 0.05 s each and the one they are in. A busy machine takes fewer, but begins.
    assert 2 <= len(outcome.latencies) <= 10


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n", "503"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "an answer without"),
        (b"nonsense\r\n\r\n", "not HTTP"),
        (b"", "connection lost"),
    ],
)
async def test_what_is_not_a_true_answer_is_an_error(shop, reply, error):
    shop.reply = reply
    async with serving(shop.serve_http, "rest") as address:
        outcome = await outcome_of(address, clients=1, operations=1)
    assert outcome.errors.total() >= 1
    assert any(error in each for each in outcome.errors)


async def test_the_same_refusal_is_counted_together_whatever_request_it_answers(shop):
    shop.answer = error_frame
    async with serving(shop.serve_frames, "socket") as address:
        assert (await outcome_of(address, (FRAMED,))).errors == {"code 9 CART_EMPTY: the cart is empty": 20}
    async with serving(shop.serve_http, "rest") as address:
        for request_id in ("one", "another"):
            shop.reply = problem(request_id)
            assert (await outcome_of(address)).errors == {"409 CART_EMPTY: the cart is empty": 20}


async def test_a_refusal_in_nobodys_words_is_quoted(shop):
    garbage = b"\xff" * 300
    shop.answer = lambda request: Answer(request.number, 9, garbage)
    async with serving(shop.serve_frames, "socket") as address:
        assert list((await outcome_of(address, (FRAMED,))).errors) == [f"code 9 {garbage[:200]!r}"]
    for body in ("[]", "{}", "gone"):
        shop.reply = f"HTTP/1.1 502 Bad\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        async with serving(shop.serve_http, "rest") as address:
            assert list((await outcome_of(address)).errors) == [f"502 {body.encode()!r}"]


async def test_every_request_that_must_be_unique_is(shop):
    buy = Step(http_post("/books/8"), b"8")
    async with serving(shop.serve_http, "rest") as address:
        await outcome_of(address, steps=(buy,))
    keys = {re.search(rb"idempotency-key: (\w{16})\r", request)[1] for request in shop.received}
    assert len(keys) == 20


async def test_frames_are_spoken_too(shop):
    async with serving(shop.serve_frames, "socket") as address:
        outcome = await outcome_of(address, (FRAMED,))
    assert (len(outcome.latencies), outcome.errors.total()) == (20, 0)
    assert {(request.method, request.token) for request in shop.received} == {("a/B", "token")}
    assert len({request.payload for request in shop.received}) == 20


async def test_what_arrives_while_the_shop_is_busy_waits_and_its_waiting_counts(shop):
    shop.delay_s = 0.02
    async with serving(shop.serve_http, "rest") as address:
        outcome = await outcome_of(address, clients=1, seconds=0.1, arrivals_per_s=200)
    assert len(outcome.latencies) == 20
    assert max(outcome.latencies) > 0.28, "the last of twenty came after 0.1 s and was answered after 0.4 s"


async def test_a_fleet_shares_the_clients_among_its_processes(shop):
    async with serving(shop.serve_http, "rest") as address:
        with Fleet(2) as fleet:
            outcome = await asyncio.to_thread(fleet.run, Load(address, ((LOOK,),) * 5, 10, 60.0))
    assert (len(outcome.latencies), outcome.errors.total()) == (50, 0)
    assert 0 < outcome.seconds < 60
    assert outcome.began <= outcome.ended <= time.monotonic()


@pytest.mark.parametrize("processes", [1, 2])
async def test_clients_are_dealt_out_over_all_addresses(shop, processes):
    another = StandIn()
    async with serving(shop.serve_http, "rest") as first, serving(another.serve_http, "rest") as second:
        with Fleet(processes) as fleet:
            await asyncio.to_thread(fleet.run, Load(first, ((LOOK,),) * 8, 10, 60.0, others=(second,)))
    assert (len(shop.received), len(another.received)) == (40, 40)


async def test_a_shop_that_is_not_there_is_told_of():
    with Fleet(1) as fleet, pytest.raises(OSError, match="onnect"):
        await asyncio.to_thread(fleet.run, Load(Address("rest", "127.0.0.1", 1), ((LOOK,),), 1, 1.0))
