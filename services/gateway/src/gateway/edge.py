"""The edge of the gateway: what happens to every request before its route and to every answer after it.

The request's context, id and deadline; headers that say who worked on it and for how long; the bound on bodies; one
metric and one log line; the last resort for what nobody foresaw. Pure ASGI, since everything here is on every path.
"""

import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis import tracing
from chassis.context import RequestContext, TierTime, enter
from chassis.instruments import Observations
from chassis.logs import Fields, RequestLine
from chassis.tracing import Kind, Span
from gateway.metrics import REQUEST_DURATION
from gateway.problems import INTERNAL, Problem

logger = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64 * 1024
MAX_URL_BYTES: Final = 8 * 1024
# These take images, and bound them as they come (gateway.uploads).
_UPLOADS: Final = frozenset({("POST", "/albums")})
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Asked every second, and of no interest unless they fail.
_PROBES: Final = frozenset({"/healthz", "/readyz"})
_METHODS: Final = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})

_Key = tuple[str, str, int]
"""Method, route and status: all that metrics and lines have in common."""

BODY_TOO_LARGE: Final = Problem(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "BODY_TOO_LARGE", f"the body may have {MAX_BODY_BYTES} bytes"
)
_URL_TOO_LONG: Final = Problem(
    HTTPStatus.REQUEST_URI_TOO_LONG, "URL_TOO_LONG", f"path and query together may have {MAX_URL_BYTES} bytes"
)


class Edge:
    def __init__(self, app: ASGIApp, instance: str) -> None:
        self._app = app
        self._instance = instance.encode()
        self._endings: dict[_Key, tuple[Observations, RequestLine]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id, body_length, is_chunked, traceparent = _read_headers(scope)
        span = tracing.begin("", Kind.SERVER, traceparent)
        request_id = request_id or _request_id_of(span)
        context = RequestContext(request_id.decode(), span=span)
        enter(context)
        routed = _as_get(scope) if scope["method"] == "HEAD" else scope
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] += self._headers(request_id, context, started)
            await send(message)

        try:
            if refused := _refuse(scope, body_length):
                await refused.response()(scope, receive, send_with_headers)
            else:
                bounded = _bounded(receive) if is_chunked and not _is_upload(scope) else receive
                await self._app(routed, bounded, send_with_headers)
        except Exception:  # nobody foresaw it: the sender learns nothing of it, the log everything
            logger.exception("unexpected error in %s %s", scope["method"], _route_of(routed))
            if not status:
                await INTERNAL.response()(scope, receive, send_with_headers)
        scope["route"] = routed.get("route")
        self._note(scope, context, status, time.perf_counter() - started)

    def _headers(self, request_id: bytes, context: RequestContext, started: float) -> list[tuple[bytes, bytes]]:
        timing = b"gateway;dur=%.1f" % ((time.perf_counter() - started) * 1000)
        served_by = self._instance
        if context.tiers:
            timing += _timing_of(context.tiers)
            served_by += b"".join(dict.fromkeys(b"," + tier.instance.encode() for tier in context.tiers))
        return [(b"x-request-id", request_id), (b"server-timing", timing), (b"x-served-by", served_by)]

    def _note(self, scope: Scope, context: RequestContext, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        key = (method, _route_of(scope), status)
        duration, line = self._endings.get(key) or self._ending(key)
        duration.observe(seconds, context.exemplar)
        failure = str(status) if _has_failed(status) else ""
        if context.span is not None and context.span.is_sent(failure):
            _end(context.span, scope, key, failure)
        line.write(context, seconds)

    def _ending(self, key: _Key) -> tuple[Observations, RequestLine]:
        method, route, status = key
        fields: Fields = {"method": method, "route": route, "status": status}
        message = f"{method} {route} {status}"
        line = RequestLine(logger, message, fields, failed=_has_failed(status), minor=route in _PROBES)
        ending = self._endings[key] = REQUEST_DURATION.labels(*key), line
        return ending


def _has_failed(status: int) -> bool:
    """Whether by our fault."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _request_id_of(span: Span) -> bytes:
    """For a request that brought none: the id of its trace, unless others of the sender's may have that too."""
    return secrets.token_hex(16).encode() if span.parent_id else span.trace_id.encode()


def _end(span: Span, scope: Scope, key: _Key, failure: str) -> None:
    """The query is left out: it may hold what a client has to say to nobody else."""
    method, route, status = key
    span.name = f"{method} {route}".rstrip()
    span.attributes = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "url.path": scope["path"],
    }
    span.end(failure)


def _read_headers(scope: Scope) -> tuple[bytes, int, bool, str]:
    """The id it brought, the length of its body, whether only reading it tells that length, and its traceparent."""
    request_id, body_length, is_chunked, traceparent = b"", 0, False, ""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request_id = value
        elif name == b"content-length":
            body_length = int(value)
        elif name == b"transfer-encoding":
            is_chunked = True
        elif name == b"traceparent":
            traceparent = value.decode("latin-1")
    return request_id, body_length, is_chunked, traceparent


def _as_get(scope: Scope) -> Scope:
    """A HEAD request for the routes: they answer it as a GET, and the server leaves the body out."""
    return {**scope, "method": "GET"}


def _refuse(scope: Scope, body_length: int) -> Problem | None:
    if body_length > MAX_BODY_BYTES and not _is_upload(scope):
        return BODY_TOO_LARGE
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_URL_BYTES:
        return _URL_TOO_LONG
    return None


def _is_upload(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) in _UPLOADS


def _bounded(receive: Receive) -> Receive:
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            # Of all exceptions only this one passes through FastAPI's reading of the body.
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_bounded


def _timing_of(tiers: list[TierTime]) -> bytes:
    total: dict[str, float] = {}
    for tier in tiers:
        total[tier.tier] = total.get(tier.tier, 0.0) + tier.milliseconds
    return "".join(f", {name};dur={milliseconds:.1f}" for name, milliseconds in total.items()).encode()


def _route_of(scope: Scope) -> str:
    """The template of the route, never the path itself: there are as many paths as items."""
    route = scope.get("route")
    return route.path if route is not None else ""
