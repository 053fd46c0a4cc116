"""What the port does with clients that are many, slow, gone, or talking nonsense."""

import asyncio
import gc
import random
import socket
from types import TracebackType

import asyncpg
import pytest

from agora.catalog.v1 import catalog_pb2
from chassis.connections import OPEN
from chassis.settings import ConnectionLimits
from monolith.frames import LENGTH, MAX_FRAME_BYTES, Request, write_request

SEARCH = "agora.catalog.v1.CatalogService/SearchItems"
BOOKS = catalog_pb2.SearchItemsRequest(topic="distributed systems")
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def frame(method=SEARCH, payload=None, number=1):
    return write_request(Request(number, method, "", BOOKS.SerializeToString() if payload is None else payload))


async def open_connections_are(number):
    """As soon as the loop has noticed who left."""
    async with asyncio.timeout(60):
        while OPEN._value.get() != number:
            await asyncio.sleep(0.001)


async def test_requests_sent_ahead_are_answered_in_their_order(client):
    await client.send(b"".join(frame(number=number) for number in range(50)))
    answers = [await client.receive() for _ in range(50)]
    assert [answer.number for answer in answers] == list(range(50))
    assert all(len(catalog_pb2.SearchItemsResponse.FromString(answer.payload).items) == 3 for answer in answers)


@pytest.mark.parametrize(
    ("method", "payload", "code", "reason"),
    [
        ("", b"", 12, "UNKNOWN_METHOD"),
        ("agora.catalog.v1.CatalogService/DropItems", b"", 12, "UNKNOWN_METHOD"),
        ("agora.catalog.v1.CatalogService/ReserveStock", b"", 12, "UNKNOWN_METHOD"),
        (SEARCH, b"\xff\xff\xff", 3, "UNREADABLE_PAYLOAD"),
        (SEARCH, catalog_pb2.SearchItemsRequest(category=1000).SerializeToString(), 3, "INVALID_FIELD"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_the_connection_goes_on(client, method, payload, code, reason):
    await client.send(frame(method, payload, number=7))
    answer = await client.receive()
    assert (answer.number, answer.code) == (7, code)
    assert reason.encode() in answer.payload
    assert len((await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items) == 3


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
        LENGTH.pack(MAX_FRAME_BYTES + 1),
        b"\xff" * 100,
        LENGTH.pack(0),
        LENGTH.pack(3) + b"abc",
        LENGTH.pack(10) + b"\0\0\0\1\xff\xffabcd",
    ],
    ids=["http", "too long", "all ones", "empty", "shorter than a head", "shorter than announced"],
)
async def test_garbage_gets_an_error_frame_and_a_closed_connection(client, garbage):
    await client.send(garbage)
    answer = await client.receive()
    assert (answer.number, answer.code) == (0, 3)
    assert b"UNREADABLE_FRAME" in answer.payload
    assert await client.is_closed()


async def test_random_bytes_never_stop_the_server_or_leak_a_connection(monolith):
    dice = random.Random(1)
    for _ in range(100):
        client = await monolith.connect()
        await client.send(dice.randbytes(dice.randrange(200)))
        client.writer.transport.abort()
    good = await monolith.connect()
    assert (await good.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items
    await open_connections_are(1)


@pytest.mark.parametrize("cut", [1, 4, 20])
async def test_a_client_that_leaves_within_a_frame_leaves_nothing_behind(monolith, cut):
    client = await monolith.connect()
    await client.send(frame()[:cut])
    client.writer.close()
    assert await client.is_closed()
    await open_connections_are(0)


IMPATIENT = pytest.mark.parametrize("limits", [ConnectionLimits(receive_timeout_s=1, send_timeout_s=1)], indirect=True)


@IMPATIENT
@pytest.mark.parametrize("size", [1, 3, 4, 20])
async def test_a_frame_that_does_not_end_closes_its_connection(monolith, client, size):
    silent = await monolith.connect()
    await client.send(frame()[:size])
    assert await client.is_closed()
    await silent.send(frame())
    assert (await silent.receive()).code == 0, "silence between frames is no reason to close"


@IMPATIENT
async def test_a_client_that_takes_no_answers_is_given_up(monolith):
    greedy = await monolith.connect()
    await open_connections_are(1)
    (connection,) = monolith.server._connections
    # Little room under way, so that few answers fill it.
    connection._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    greedy.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    greedy.writer.transport.pause_reading()
    greedy.writer.write(frame() * 2000)
    await open_connections_are(0)


@pytest.mark.parametrize("limits", [ConnectionLimits(idle_timeout_s=1)], indirect=True)
@pytest.mark.parametrize("is_served", [False, True])
async def test_an_idle_connection_is_closed(client, is_served):
    if is_served:
        await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)
    assert await client.is_closed()


@pytest.mark.parametrize("limits", [ConnectionLimits(unfinished_bytes=4_000_000)], indirect=True)
async def test_unfinished_frames_share_a_bound_on_memory(monolith, client):
    await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)
    half = LENGTH.pack(MAX_FRAME_BYTES) + bytes(MAX_FRAME_BYTES - 1)
    holders = [await monolith.connect() for _ in range(10)]
    for holder in holders:
        await holder.send(half)
    assert (await holders[0].receive()).code == 8
    assert (await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items
    assert monolith.server._connections._held_bytes <= 4_000_000


@pytest.mark.parametrize("limits", [ConnectionLimits(connections=4, connections_per_client=4)], indirect=True)
async def test_connections_never_answered_give_way_to_served_ones(monolith, client):
    await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)
    for size in (0, 1, 20):
        for _ in range(8):
            await (await monolith.connect()).send(frame()[:size])
        assert (await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items
    await open_connections_are(4)


async def test_a_client_that_ends_its_side_hears_all_answers(client):
    client.writer.write(frame() * 20)
    client.writer.write_eof()
    assert [(await client.receive()).code for _ in range(20)] == [0] * 20
    assert await client.is_closed()


async def test_a_thousand_silent_connections_do_not_stand_in_the_way(monolith):
    silent = [await monolith.connect() for _ in range(1000)]
    client = await monolith.connect()
    await open_connections_are(1001)
    assert (await client.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items
    for each in silent[::100]:
        assert (await each.call(SEARCH, BOOKS, catalog_pb2.SearchItemsResponse)).items


async def test_stopping_answers_what_has_begun_and_closes_the_rest(monolith, client, settings):
    silent = await monolith.connect()
    blocker, onlooker = [await asyncpg.connect(settings.catalog_database_url) for _ in range(2)]
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE items")
        await client.send(frame(number=99))
        async with asyncio.timeout(60):
            while not await onlooker.fetch(WAITING):
                await asyncio.sleep(0.001)
        stopping = asyncio.create_task(monolith.server.stop())
        assert await silent.is_closed()
        assert not stopping.done()
    await stopping
    for connection in (blocker, onlooker):
        await connection.close()
    assert (await client.receive()).number == 99
    assert await client.is_closed()
    with pytest.raises(OSError, match="onnect"):
        await monolith.connect()


async def test_unknown_methods_leave_nothing_in_memory(client):
    await client.send(frame("x"))
    await client.receive()
    before = sum(isinstance(each, TracebackType) for each in gc.get_objects())
    for _ in range(100):
        await client.send(frame("x"))
        await client.receive()
    assert sum(isinstance(each, TracebackType) for each in gc.get_objects()) - before < 50
