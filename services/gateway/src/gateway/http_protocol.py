"""HTTP/1.1 on a connection: uvicorn's protocol, with limits on what a client sends, and problems for what is no HTTP.

A request that comes whole in one small packet costs nothing here but two attributes. `test_uvicorn_internals` lists
what is used of uvicorn's protocol beyond its public surface.
"""

import asyncio
import secrets
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.connections import Connections
from chassis.context import RequestContext, enter
from gateway import http_limits as limits
from gateway.http_limits import Awaited
from gateway.joined_writes import JoinedWrites
from gateway.problems import MEDIA_TYPE, Problem


class HttpProtocol(HttpToolsProtocol):
    _is_in_head = True
    _framing_bytes = 0
    _body_bytes = 0
    _violation = limits.UNREADABLE
    # What is awaited, of which request, since when, and how much there was of it when its deadline was set.
    _awaited: Awaited | None = None
    _awaited_scope: Any = None
    _awaited_since = 0.0
    _marked_bytes = 0

    def __init__(self, connections: "Connections[HttpProtocol]", **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._open = connections

    @property
    def peer(self) -> str:
        return self.client[0] if self.client else ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        tasks = self.tasks
        # No method of this object: each would keep the other, until the collector comes, which it seldom does.
        super().connection_made(JoinedWrites(transport, lambda: len(tasks) > 1))
        transport.set_write_buffer_limits(limits.WRITE_BUFFER_BYTES)
        if self._open.admit(self):
            self._follow()
        else:
            self._reject(limits.TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # uvicorn leaves its timer, and with it this object, for as long as it runs, if the client reset the connection.
        self._unset_keepalive_if_required()
        self._awaited_scope = None
        self._open.leave(self)

    def data_received(self, data: bytes) -> None:
        if self._awaited is not None or len(data) > limits.PIECE_BYTES:
            self._receive(data)
            return
        super().data_received(data)
        if self._is_in_head or self.cycle.more_body or self.cycle.response_complete:
            self._follow()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._follow()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._follow()

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._framing_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.headers) > limits.MAX_HEADERS:
            self._violation = limits.HEAD_TOO_LARGE
            raise ValueError(limits.HEAD_TOO_LARGE.detail)
        if len(self.pipeline) >= limits.MAX_PIPELINED:
            raise ValueError("too many requests were sent ahead")
        super().on_headers_complete()
        self._is_in_head = False
        self._framing_bytes = self._body_bytes = 0
        # What comes as a header from now on is a trailer, which nobody reads (test_http_framing).
        self.headers = []

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._framing_bytes = max(0, self._framing_bytes - limits.FRAMING_PER_BODY_BYTE * len(body))
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - its words are uvicorn's
        self._reject(self._violation)

    def idle_rank(self) -> tuple[int, float] | None:
        """Without a request first, then idle, then in the middle of one; of each the longest awaited."""
        if self._awaited is not None:
            return 0 if self._awaited in {Awaited.HEAD, Awaited.REST} else 2, self._awaited_since
        timer = self.timeout_keep_alive_task
        return None if timer is None else (1, timer.when())

    def evict(self) -> None:
        if self._awaited is Awaited.READING:
            self.transport.abort()
        elif self._awaited is Awaited.BODY:
            self._reject(limits.TOO_MANY_CONNECTIONS)
        else:
            self.transport.close()

    def on_deadline(self) -> str:
        limit = self._awaited
        if self._follow() or limit is None or self._has_progressed(limit):
            return ""
        if limit is Awaited.READING:
            self.transport.abort()
        elif limit is Awaited.BODY:
            self._reject(limits.BODY_TOO_SLOW)
        elif limit is Awaited.HEAD and self.scope is not None:
            self._reject(limits.HEAD_TOO_SLOW)
        else:
            self.transport.close()
        return limit

    def _receive(self, data: bytes) -> None:
        for start in range(0, len(data), limits.PIECE_BYTES):
            piece = data[start : start + limits.PIECE_BYTES]
            self._framing_bytes += len(piece)
            super().data_received(piece)
            if self.transport.is_closing():
                return
            if self._framing_bytes > limits.MAX_FRAMING_BYTES or (
                self._is_in_head and self.headers is not None and len(self.headers) > limits.MAX_HEADERS
            ):
                self._reject(limits.HEAD_TOO_LARGE if self._is_in_head else limits.FRAMING_TOO_LARGE)
                return
        self._follow()

    def _follow(self) -> bool:
        """Note what is awaited now; False when it is still the same."""
        awaited = self._needed()
        is_new = awaited is not self._awaited or self.scope is not self._awaited_scope
        if is_new:
            self._awaited, self._awaited_scope, self._awaited_since = awaited, self.scope, time.monotonic()
            if awaited is None:
                self._open.settle(self)
            else:
                self._set_deadline(awaited)
        self._open.hold(self, self._held_bytes())
        return is_new

    def _set_deadline(self, awaited: Awaited) -> None:
        self._marked_bytes = self._moved_bytes()
        timeout_s = {Awaited.BODY: limits.BODY_INTERVAL_S, Awaited.READING: self._open.limits.send_timeout_s}
        self._open.expect(self, timeout_s.get(awaited, self._open.limits.receive_timeout_s))

    def _needed(self) -> Awaited | None:
        """None while the application works on a whole request, or the connection is idle."""
        if self.flow.write_paused:
            return Awaited.READING
        if self._is_in_head:
            return Awaited.HEAD
        if not self.cycle.response_complete:
            return Awaited.BODY if self.cycle.more_body else None
        # Bytes after the end stop uvicorn's own timer of idle connections.
        return Awaited.REST if self.cycle.more_body or self.timeout_keep_alive_task is None else None

    def _has_progressed(self, awaited: Awaited) -> bool:
        """Whether body or answer moved on enough, or the body could not because nobody here took it."""
        moved = self._moved_bytes() - self._marked_bytes
        enough = limits.MIN_BODY_BYTES_PER_S * limits.BODY_INTERVAL_S if awaited is Awaited.BODY else 1
        if moved < enough and not (awaited is Awaited.BODY and self.flow.read_paused):
            return False
        self._set_deadline(awaited)
        return True

    def _moved_bytes(self) -> int:
        if self._awaited is Awaited.READING:
            return -self.transport.get_write_buffer_size()
        return self._body_bytes if self._awaited is Awaited.BODY else 0

    def _held_bytes(self) -> int:
        if self._awaited is None:
            return 0
        if self._awaited is Awaited.READING:
            return self.transport.get_write_buffer_size()
        if self._awaited is Awaited.HEAD:
            return self._framing_bytes + limits.HEADER_OBJECT_BYTES * len(self.headers or ())
        return self._framing_bytes + min(self._body_bytes, limits.MAX_BODY_HELD_BYTES)

    def _is_answering(self) -> bool:
        """Whether a problem sent now would be taken for the answer to another request, or for a part of one."""
        if self.cycle is None or self.cycle.response_complete:
            return False
        return bool(self.pipeline) or self.cycle.response_started or not self.cycle.more_body

    def _reject(self, problem: Problem) -> None:
        """Answer without the application, and end the connection: where the next request begins is unknown."""
        if not self._is_answering():
            self._write(problem)
        self.transport.close()

    def _write(self, problem: Problem) -> None:
        request_id = secrets.token_hex(16)
        enter(RequestContext(request_id))
        body = problem.body()
        headers = {
            **problem.headers,
            "content-type": MEDIA_TYPE,
            "content-length": len(body),
            "x-request-id": request_id,
            "connection": "close",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[problem.status] + head.encode() + b"\r\n" + body)
