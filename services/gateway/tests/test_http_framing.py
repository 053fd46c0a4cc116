"""Limits on what is no body: heads, chunk extensions, trailers, requests sent ahead, bytes after the end."""

import json

import pytest

from gateway import http_limits as limits

from .raw_connection import GET, connected, problem_of

CHUNKED = (
    b"POST /v1/accounts HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n"
)
ACCOUNT = {"username": "framed", "password": "correct horse", "role": "buyer"}
# More than sockets hold under way, so that who does not stop reading is seen to read it.
ENDLESS = 4096


@pytest.fixture
def raw(gateway, mesh):
    with connected(gateway) as connection:
        yield connection


def chunked(body, size=1_000_000):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n"


def test_authorization_in_a_trailer_is_not_believed(raw, seller, lamp):
    head = CHUNKED.replace(b"/accounts", b"/items")
    trailer = f"authorization: Bearer {seller.token}\r\n\r\n".encode()
    raw.send(head + b"\r\n", chunked(json.dumps(lamp).encode()) + trailer)
    head, body = raw.answer()
    assert head.startswith("HTTP/1.1 401 "), body
    assert raw.is_open()


def test_a_short_trailer_is_ignored(raw):
    raw.send(CHUNKED + b"\r\n", chunked(json.dumps(ACCOUNT).encode()) + b"x-checksum: 8\r\n\r\n")
    assert raw.answer()[0].startswith("HTTP/1.1 201 ")
    assert raw.is_open()


@pytest.mark.parametrize(
    "piece",
    [b"x-t: " + b"y" * 8_000 + b"\r\n", b"x" * 8_000],
    ids=["many", "one without end"],
)
def test_trailers_are_bounded(raw, piece):
    raw.send(CHUNKED + b"\r\n", chunked(b"{}") + (b"" if b":" in piece else b"x-t: "))
    assert not raw.send(*[piece] * ENDLESS)
    assert problem_of(raw.heard()) == (400, "FRAMING_TOO_LARGE")


def test_trailers_after_the_answer_are_bounded(raw):
    raw.send(CHUNKED.replace(b"POST /v1/accounts", b"GET /healthz") + b"\r\n0\r\n")
    raw.answer()
    assert not raw.send(*[b"x-t: " + b"y" * 8_000 + b"\r\n"] * ENDLESS)


@pytest.mark.parametrize("piece", [b"x" * 8_000, b"1;" + b"x" * 8_000 + b"\r\n \r\n"], ids=["one", "many"])
def test_chunk_extensions_are_bounded(raw, piece):
    raw.send(CHUNKED + b"\r\n", b"" if b"\r\n" in piece else b"5;")
    assert not raw.send(*[piece] * ENDLESS)
    assert problem_of(raw.heard()) == (400, "FRAMING_TOO_LARGE")


def test_a_body_in_chunks_of_one_byte_is_taken(raw):
    body = json.dumps(ACCOUNT | {"username": "by-bytes"}).encode() + b" " * 60_000
    raw.send(CHUNKED + b"\r\n", chunked(body, 1) + b"\r\n")
    assert raw.answer()[0].startswith("HTTP/1.1 201 ")


@pytest.mark.parametrize("size", [200, 20_000, 300_000, 5_000_000])
def test_a_head_may_end_in_the_packet_its_body_begins_in(raw, png, size):
    body = b'--b\r\nContent-Disposition: form-data; name="profile"\r\n\r\n{"artist":"A","title":"T","year":1}\r\n'
    body += b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + png(size) + b"\r\n--b--\r\n"
    head = b"POST /albums HTTP/1.1\r\nhost: shop\r\ncontent-type: multipart/form-data; boundary=b\r\n"
    for cut in (1, 10, len(head)):
        message = head + b"content-length: %d\r\n\r\n" % len(body) + body
        raw.send(message[:cut])
        raw.send(message[cut:])
        assert raw.answer()[0].startswith("HTTP/1.1 201 ")


@pytest.mark.parametrize("line", [b"x: " + b"y" * 8_000 + b"\r\n", b"a:b\r\n"], ids=["long", "many"])
def test_a_head_without_end_is_rejected(raw, line):
    assert not raw.send(b"GET / HTTP/1.1\r\n", *[line * max(1, 8_000 // len(line))] * ENDLESS)
    assert problem_of(raw.heard()) == (431, "HEAD_TOO_LARGE")


@pytest.mark.parametrize(("count", "status"), [(limits.MAX_HEADERS, 200), (limits.MAX_HEADERS + 1, 431)])
def test_headers_are_counted_in_one_packet_too(raw, count, status):
    raw.send(b"GET /healthz HTTP/1.1\r\n" + b"a:b\r\n" * count + b"\r\n")
    assert raw.answer()[0].startswith(f"HTTP/1.1 {status} ")


def test_the_largest_head_is_taken_in_any_packets(raw):
    head = b"GET /healthz HTTP/1.1\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 8_000) for n in range(4))
    for packet_size in (100, 10_000, 100_000):
        message = head + b"\r\n"
        raw.send(*(message[start : start + packet_size] for start in range(0, len(message), packet_size)))
        assert raw.answer()[0].startswith("HTTP/1.1 200 ")


def test_requests_sent_ahead_are_answered_in_order(raw):
    paths = [f"/v1/items/{404_000 + n}" for n in range(limits.MAX_PIPELINED)]
    raw.send(b"".join(GET.replace(b"/healthz", path.encode()) for path in paths))
    assert all(path.split("/")[-1].encode() in raw.answer()[1] for path in paths)


def test_too_many_requests_sent_ahead_close_the_connection(raw, mesh):
    mesh.catalog.gate.clear()
    raw.send(GET.replace(b"/healthz", b"/v1/items/1") * (limits.MAX_PIPELINED + 2))
    # Nothing is said: it would be taken for the first request's answer.
    assert raw.heard() == b""


def test_garbage_behind_a_request_is_not_its_answer(raw, mesh):
    mesh.catalog.gate.clear()
    raw.send(GET.replace(b"/healthz", b"/v1/items/1") + b"garbage\r\n\r\n")
    assert raw.heard() == b""


def test_bytes_after_the_last_request_are_bounded(raw):
    raw.send(GET)
    raw.answer()
    assert not raw.send(*[b"\r\n" * 4_000] * ENDLESS)
