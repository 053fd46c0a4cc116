"""A blocking client of the socket protocol, and little else, so that the CLI and Locust start quickly with it."""

import socket
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Self, TypeVar

from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from monolith.frames import (
    LENGTH,
    OK,
    MalformedFrame,
    Request,
    read_answer,
    read_length,
    write_request,
)

ResponseT = TypeVar("ResponseT", bound=Message)


class SocketRefusal(Exception):
    """The shop said no. `code` is gRPC's number, `reason` the stable word for it."""

    def __init__(self, code: int, reason: str, message: str, metadata: Mapping[str, str]) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata)


class SocketClient:
    """One connection, one request at a time. Raises OSError when the other side is not there or leaves."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = self._socket.makefile("rb")
        self._numbers = count(1)

    def call(self, method: str, request: Message, response_type: type[ResponseT], *, token: str = "") -> ResponseT:
        """Raises SocketRefusal, MalformedFrame when the other side speaks another protocol, and OSError."""
        number = next(self._numbers)
        self._socket.sendall(write_request(Request(number, method, token, request.SerializeToString())))
        answer = read_answer(self._read(read_length(self._read(LENGTH.size))))
        if answer.code != OK:
            raise refusal_of(answer.code, answer.payload)
        if answer.number != number:
            raise MalformedFrame("the answer is to another request")
        return response_type.FromString(answer.payload)

    def close(self) -> None:
        self._received.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, size: int) -> bytes:
        data = self._received.read(size)
        if len(data) < size:
            raise ConnectionResetError("the connection was closed")
        return data


def refusal_of(code: int, payload: bytes) -> SocketRefusal:
    """What an error frame says. Raises DecodeError when its payload is no status."""
    status = status_pb2.Status.FromString(payload)
    info = error_details_pb2.ErrorInfo()
    for packed in status.details:
        packed.Unpack(info)
    return SocketRefusal(code, info.reason, status.message, info.metadata)
