"""Cross-origin requests of browsers, for the origins that the setting names."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.edge import Edge
from gateway.problems import Problem

_METHODS: Final = ("GET", "HEAD", "POST", "PATCH", "DELETE")
_REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-ID")
_RESPONSE_HEADERS: Final = ("x-request-id", "x-cache", "server-timing", "retry-after", "etag")
_MAX_AGE_S: Final = 600

_NOT_ALLOWED: Final = Problem(
    HTTPStatus.FORBIDDEN, "ORIGIN_NOT_ALLOWED", "this origin, method or header is not allowed across origins"
)


class Cors:
    """The edge with CORS.

    Outside of the edge, so that scripts can read its errors; only preflights are answered inside, so that they have an
    id and are counted.
    """

    def __init__(self, routed: ASGIApp, instance: str, origins: Sequence[str]) -> None:
        self._preflights = Edge(_Policy(routed, origins), instance)
        self._requests = _Policy(Edge(routed, instance), origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_options = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (self._preflights if is_options else self._requests)(scope, receive, send)


class _Policy(CORSMiddleware):
    """Tokens travel in a header that scripts set, never by themselves: no credentials in the sense of CORS."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
            max_age=_MAX_AGE_S,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        return _NOT_ALLOWED.response() if response.status_code != HTTPStatus.OK else response
