"""One connection to the shop, as lean as it can be: bytes out, and for each answer one call with what matters of it."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple, cast

import httptools

from loadtests.driver.load import Address
from loadtests.driver.refusals import http_refusal, socket_refusal
from monolith.frames import LENGTH, OK, MalformedFrame, read_answer, read_length


class Answer(NamedTuple):
    """`refusal` is empty when the shop did what was asked; the rest are the headers `server-timing` and `x-cache`."""

    refusal: str
    body: bytes
    timing: bytes = b""
    cache: str = ""


OnAnswer = Callable[[Answer], None]
_LOST: Final = Answer("connection lost", b"")


class Connection(asyncio.Protocol):
    """`send` one request, and `on_answer` is called with its answer; what comes unasked is a lost connection."""

    def __init__(self) -> None:
        self.on_answer: OnAnswer = _ignore
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._transport.write(request)

    def close(self) -> None:
        self.on_answer = _ignore
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self.on_answer(_LOST)


class HttpConnection(Connection):
    """HTTP/1.1 with keep-alive."""

    def __init__(self) -> None:
        super().__init__()
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._timing = b""
        self._cache = ""

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.on_answer(Answer("not HTTP", data))

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"server-timing":
            self._timing = value
        elif name == b"x-cache":
            self._cache = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        refusal = "" if status < 300 else http_refusal(status, self._body)
        answer = Answer(refusal, self._body, self._timing, self._cache)
        self._body, self._cache = b"", ""
        self.on_answer(answer)


class SocketConnection(Connection):
    """The frames of the socket protocol."""

    def __init__(self) -> None:
        super().__init__()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        try:
            while len(self._received) >= LENGTH.size:
                end = LENGTH.size + read_length(self._received[: LENGTH.size])
                if len(self._received) < end:
                    return
                answer = read_answer(self._received[LENGTH.size : end])
                self._received = self._received[end:]
                refusal = "" if answer.code == OK else socket_refusal(answer.code, answer.payload)
                self.on_answer(Answer(refusal, answer.payload))
        except MalformedFrame:
            self.on_answer(Answer("not a frame", data))


_KINDS: Final[dict[str, type[Connection]]] = {"rest": HttpConnection, "socket": SocketConnection}


async def connect(address: Address) -> Connection:
    kind = _KINDS[address.transport]
    _, connection = await asyncio.get_running_loop().create_connection(kind, address.host, address.port)
    return connection


def _ignore(_answer: Answer) -> None:
    pass
