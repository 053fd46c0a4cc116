"""HTTP/1.1 on a connection: uvicorn's own protocol, with a bound on heads, and problems for what is no HTTP."""

import asyncio
import secrets
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.context import RequestContext, enter
from gateway.joined_writes import JoinedWrites
from gateway.problems import MEDIA_TYPE, Problem

# Counted from the second packet of a head on; the first is bounded by the size of a read.
_MAX_HEAD_BYTES: Final = 64 * 1024

_UNREADABLE: Final = Problem(HTTPStatus.BAD_REQUEST, "UNREADABLE_REQUEST", "this is not HTTP/1.1")
_HEAD_TOO_LARGE: Final = Problem(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "HEAD_TOO_LARGE",
    f"request line and headers together may have {_MAX_HEAD_BYTES} bytes",
)


class HttpProtocol(HttpToolsProtocol):
    _is_in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport, self._is_busy))

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                self._refuse(_HEAD_TOO_LARGE)
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - its words are uvicorn's
        self._refuse(_UNREADABLE)

    def _is_busy(self) -> bool:
        """Whether requests of others are under way too."""
        return len(self.tasks) > 1

    def _refuse(self, problem: Problem) -> None:
        """Answers without the application, and ends the connection: where the next request begins is unknown."""
        request_id = secrets.token_hex(16)
        enter(RequestContext(request_id))
        body = problem.body()
        headers = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nx-request-id: {request_id}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[problem.status] + headers.encode() + body)
        self.transport.close()
