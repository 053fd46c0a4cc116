"""Requests as the bytes that a driver sends: HTTP for the gateway, frames for the monolith."""

from typing import Any

import orjson
from google.protobuf.message import Message

from loadtests.driver.load import UNIQUE
from monolith.frames import Request, write_request


def http_get(path: str, token: str = "") -> bytes:
    return _head("GET", path, token) + b"\r\n"


def http_post(path: str, document: Any = None, token: str = "") -> bytes:
    """With an `Idempotency-Key` of its own each time it is sent."""
    return _with_body("POST", path, document, token)


def http_patch(path: str, document: Any, token: str) -> bytes:
    return _with_body("PATCH", path, document, token)


def frame(method: str, message: Message, token: str) -> bytes:
    return write_request(Request(1, method, token, message.SerializeToString()))


def _with_body(method: str, path: str, document: Any, token: str) -> bytes:
    body = b"" if document is None else orjson.dumps(document)
    key = b"idempotency-key: " + UNIQUE + b"\r\n" if method == "POST" else b""
    kind = b"content-type: application/json\r\n" if body else b""
    return _head(method, path, token) + key + kind + b"content-length: %d\r\n\r\n" % len(body) + body


def _head(method: str, path: str, token: str) -> bytes:
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nhost: shop\r\n{authorization}".encode()
