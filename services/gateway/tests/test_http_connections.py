"""Limits on connections: their number, of all and of one client, their time, and the memory they hold together."""

import json
import socket
import time
from contextlib import ExitStack, contextmanager

import pytest

from gateway import http_limits as limits

from .raw_connection import GET, connected, problem_of
from .stand_in_mesh import running_gateway

PER_CLIENT, ALL = 8, 16
PROXY = "127.0.0.200"
HALF_HEAD = b"GET /healthz HTTP/1.1\r\nhost: "
POST = b"POST /v1/accounts HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
# What takes two seconds, or four, never takes so many.
TOO_LONG_S = 20


@pytest.fixture(scope="module")
def strict(shared_mesh, tmp_path_factory):
    """A gateway with little room and less patience."""
    limits = {
        "MAX_CONNECTIONS": str(ALL),
        "MAX_CONNECTIONS_PER_CLIENT": str(PER_CLIENT),
        "MAX_UNFINISHED_BYTES": "400000",
        "RECEIVE_TIMEOUT_S": "2",
        "SEND_TIMEOUT_S": "2",
        "IDLE_TIMEOUT_S": "4",
        "AGORA_TRUSTED_PROXIES": PROXY,
    }
    with running_gateway(shared_mesh.targets, tmp_path_factory.mktemp("strict"), **limits) as gateway:
        yield gateway


@pytest.fixture
def many(mesh, strict):
    """`many(count, packet)` connections that sent that much."""
    with ExitStack() as stack:

        def many(count, packet=b"", source="127.0.0.1"):
            connections = [stack.enter_context(connected(strict, source)) for _ in range(count)]
            for connection in connections:
                connection.send(packet)
            return connections

        yield many


@contextmanager
def within(seconds):
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.mark.parametrize("sources", [1, 4])
def test_half_heads_give_way_to_served_connections(many, sources):
    served = many(2, source="127.0.0.9")
    for connection in served:
        assert connection.is_open()
    for round_number in range(10):
        for number in range(sources):
            many(ALL // sources, HALF_HEAD, f"127.0.1.{number}")
        assert all(connection.is_open() for connection in served), round_number


def test_half_heads_of_a_client_give_way_to_its_own_requests(many):
    served = many(1)[0]
    assert served.is_open()
    for _ in range(5):
        many(PER_CLIENT, HALF_HEAD)
        assert served.is_open()
        assert many(1)[0].is_open()


def test_the_longest_idle_connection_gives_way(many):
    connections = many(PER_CLIENT)
    for connection in [*connections, connections[0]]:
        assert connection.is_open()
        time.sleep(0.01)  # timers count in milliseconds
    assert many(1)[0].is_open()
    assert [connection.is_open() for connection in connections].count(False) == 1
    assert not connections[1].is_open()


def test_a_connection_over_the_limit_is_503_while_all_are_busy(many, mesh):
    mesh.catalog.gate.clear()
    busy = many(PER_CLIENT, GET.replace(b"/healthz", b"/v1/items/404404"))
    mesh.catalog.await_calls("BatchGetItems")
    (refused,) = many(1)
    heard = refused.heard()
    assert problem_of(heard) == (503, "TOO_MANY_CONNECTIONS")
    assert b"\r\nconnection: close\r\n" in heard
    assert b"\r\nretry-after: 1\r\n" in heard
    assert many(1, source="127.0.0.2")[0].is_open(), "a client at its limit is no other client's limit"
    mesh.catalog.gate.set()
    assert all(connection.answer()[0].startswith("HTTP/1.1 404 ") for connection in busy)


def test_a_trusted_proxy_has_more_connections_than_one_client(many, mesh):
    mesh.catalog.gate.clear()
    busy = many(PER_CLIENT + 2, GET.replace(b"/healthz", b"/v1/items/404404"), PROXY)
    mesh.catalog.await_calls("BatchGetItems")
    assert many(1, source=PROXY)[0].is_open()
    mesh.catalog.gate.set()
    assert all(connection.answer()[0].startswith("HTTP/1.1 404 ") for connection in busy)


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_a_connection_that_sends_no_request_is_closed(many, sent):
    with within(TOO_LONG_S):
        assert many(1, sent)[0].heard() == b""


@pytest.mark.parametrize("answered", [False, True])
def test_a_head_that_takes_too_long_is_a_408(many, answered):
    (connection,) = many(1)
    if answered:
        assert connection.is_open()
    with within(TOO_LONG_S):
        # Bytes that keep coming do not prolong it.
        for byte in HALF_HEAD + b"x" * 1000:
            if not connection.send(bytes([byte])):
                break
            time.sleep(0.02)
        assert problem_of(connection.heard()) == (408, "HEAD_TOO_SLOW")


@pytest.mark.parametrize("after", [b"", b"\r\n"], ids=["silent", "line ends"])
def test_an_idle_connection_is_closed(many, after):
    (connection,) = many(1)
    assert connection.is_open()
    connection.send(after)
    with within(TOO_LONG_S):
        assert connection.heard() == b""


@pytest.mark.parametrize("path", [b"/v1/accounts", b"/albums"])
def test_a_body_that_stops_is_a_408(many, path):
    (connection,) = many(1, (POST % 1000).replace(b"/v1/accounts", path) + b"{")
    connection.send(b'"')
    with within(limits.BODY_INTERVAL_S + TOO_LONG_S):
        heard = connection.heard()
        assert problem_of(heard) in {(408, "BODY_TOO_SLOW"), (415, "UNSUPPORTED_MEDIA_TYPE")}


def test_a_slow_body_that_keeps_coming_is_answered(many):
    body = json.dumps({"username": "slow", "password": "correct horse", "role": "buyer"}).encode() + b" " * 48_000
    (connection,) = many(1, POST % len(body))
    rate, piece = 2 * limits.MIN_BODY_BYTES_PER_S, 800
    for start in range(0, len(body), piece):
        assert connection.send(body[start : start + piece])
        time.sleep(piece / rate)
    assert connection.answer()[0].startswith("HTTP/1.1 201 ")


def test_a_body_that_goes_on_after_its_answer_is_closed(many):
    (connection,) = many(1, POST % 10_000_000)
    assert connection.answer()[0].startswith("HTTP/1.1 413 ")
    with within(TOO_LONG_S):
        while connection.send(b" " * 100):
            time.sleep(0.02)


def test_answers_that_nobody_reads_are_given_up(many):
    (connection,) = many(1)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with within(2 * TOO_LONG_S):
        while connection.send(GET.replace(b"/healthz", b"/openapi.json")):
            time.sleep(0.01)


def test_unfinished_bodies_share_a_bound_on_memory(many):
    half = (POST % 62_000) + b" " * 60_000
    holders = many(PER_CLIENT, half)
    (other,) = many(1, source="127.0.0.2")
    assert other.is_open()
    assert problem_of(holders[0].heard()) == (503, "TOO_MANY_CONNECTIONS")
    holders[-1].send(b" " * 2_000)
    assert holders[-1].answer()[0].startswith("HTTP/1.1 400 ")


def test_an_answer_that_is_read_slowly_comes_whole(many, http, png):
    parts = {"profile": '{"artist":"A","title":"T","year":1}', "image": png(10_000_000)}
    album_id = http.post("/albums", files=parts).json()["albumID"]
    (connection,) = many(1)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    connection.send(GET.replace(b"/healthz", f"/albums/{album_id}/image".encode()))
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.received(1)
    started = time.monotonic()
    for _ in range(10):
        time.sleep(0.5)
        connection.received(1_000_000)
    assert time.monotonic() - started > 2
