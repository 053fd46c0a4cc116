"""Limits of HTTP on one connection, and the problems that answer what exceeds them."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from gateway.problems import Problem

# The parser takes pieces of this size, and limits are checked between them, so up to one more may pass.
PIECE_BYTES: Final = 8 * 1024
# Of bytes that are no body: a head, or what comes between two pieces of a body (sizes and extensions of chunks) and
# after it (trailers, line ends).
MAX_FRAMING_BYTES: Final = 32 * 1024
# A chunk of one byte has five of framing, so only extensions and trailers use their allowance up.
FRAMING_PER_BODY_BYTE: Final = 8
MAX_HEADERS: Final = 100
# A header of four bytes takes so many as a tuple of two objects.
HEADER_OBJECT_BYTES: Final = 150
# Requests sent ahead that wait for the answers of those before.
MAX_PIPELINED: Final = 16

MIN_BODY_BYTES_PER_S: Final = 4 * 1024
# In each interval a body must bring its bytes.
BODY_INTERVAL_S: Final = 5
# Of answers that a client does not take; when more is waiting, the application waits too.
WRITE_BUFFER_BYTES: Final = 16 * 1024
# Of one unfinished body; the application has taken the rest, and bounds it itself.
MAX_BODY_HELD_BYTES: Final = 64 * 1024


class Awaited(StrEnum):
    """What a connection needs of its client to go on; the values are those of the metric's `limit`."""

    HEAD = "head"
    BODY = "body"
    REST = "rest"
    """What is left of a request that was answered already."""
    READING = "write"


UNREADABLE: Final = Problem(HTTPStatus.BAD_REQUEST, "UNREADABLE_REQUEST", "this is not HTTP/1.1")
HEAD_TOO_LARGE: Final = Problem(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "HEAD_TOO_LARGE",
    f"a request may have {MAX_HEADERS} headers, its line and headers together {MAX_FRAMING_BYTES} bytes",
)
FRAMING_TOO_LARGE: Final = Problem(
    HTTPStatus.BAD_REQUEST, "FRAMING_TOO_LARGE", f"chunk extensions and trailers may have {MAX_FRAMING_BYTES} bytes"
)
HEAD_TOO_SLOW: Final = Problem(HTTPStatus.REQUEST_TIMEOUT, "HEAD_TOO_SLOW", "the head of the request took too long")
BODY_TOO_SLOW: Final = Problem(
    HTTPStatus.REQUEST_TIMEOUT, "BODY_TOO_SLOW", f"the body must bring {MIN_BODY_BYTES_PER_S} bytes per second"
)
TOO_MANY_CONNECTIONS: Final = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "TOO_MANY_CONNECTIONS",
    "all connections are in use, try again",
    headers={"retry-after": "1"},
)
