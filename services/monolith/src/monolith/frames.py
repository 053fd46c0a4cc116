"""Frames of the socket protocol, as `docs/socket-protocol.md` describes them. Servers and clients share this file."""

from struct import Struct
from typing import Final, NamedTuple

MAX_FRAME_BYTES: Final = 1_048_576
OK: Final = 0

LENGTH: Final = Struct("!I")
_REQUEST_HEAD: Final = Struct("!IBB")
_ANSWER_HEAD: Final = Struct("!IB")


class MalformedFrame(ValueError):
    """The bytes are no frame of this protocol, so nothing that follows them can be trusted to be one."""


class Request(NamedTuple):
    number: int
    method: str
    token: str
    payload: bytes


class Answer(NamedTuple):
    """`code` is gRPC's; when it is not OK, the payload is a `google.rpc.Status`."""

    number: int
    code: int
    payload: bytes


def write_request(request: Request) -> bytes:
    """The whole frame, its length included. Raises MalformedFrame for what does not fit into one."""
    method, token = request.method.encode(), request.token.encode()
    if max(len(method), len(token)) > 255:
        raise MalformedFrame("method and token have at most 255 bytes each")
    return _with_length(_REQUEST_HEAD.pack(request.number, len(method), len(token)) + method + token + request.payload)


def read_request(body: bytes) -> Request:
    """`body` is what follows the length. Raises MalformedFrame."""
    if len(body) < _REQUEST_HEAD.size:
        raise MalformedFrame("the frame is shorter than the head of a request")
    number, method_size, token_size = _REQUEST_HEAD.unpack_from(body)
    token_start = _REQUEST_HEAD.size + method_size
    payload_start = token_start + token_size
    if len(body) < payload_start:
        raise MalformedFrame("method and token are longer than the frame")
    try:
        method, token = body[_REQUEST_HEAD.size : token_start].decode(), body[token_start:payload_start].decode()
    except UnicodeDecodeError:
        raise MalformedFrame("method and token must be UTF-8") from None
    return Request(number, method, token, body[payload_start:])


def write_answer(answer: Answer) -> bytes:
    return _with_length(_ANSWER_HEAD.pack(answer.number, answer.code) + answer.payload)


def read_answer(body: bytes) -> Answer:
    """`body` is what follows the length. Raises MalformedFrame."""
    if len(body) < _ANSWER_HEAD.size:
        raise MalformedFrame("the frame is shorter than the head of an answer")
    number, code = _ANSWER_HEAD.unpack_from(body)
    return Answer(number, code, body[_ANSWER_HEAD.size :])


def read_length(head: bytes) -> int:
    """The number of bytes that follow. Raises MalformedFrame when nobody would send so many."""
    (length,) = LENGTH.unpack(head)
    if length > MAX_FRAME_BYTES:
        raise MalformedFrame(f"a frame has at most {MAX_FRAME_BYTES} bytes")
    return int(length)


def _with_length(body: bytes) -> bytes:
    if len(body) > MAX_FRAME_BYTES:
        raise MalformedFrame(f"a frame has at most {MAX_FRAME_BYTES} bytes")
    return LENGTH.pack(len(body)) + body
