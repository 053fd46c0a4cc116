"""The OpenAPI document. Routes say what is theirs; what all of them share is written here once."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi_swagger import patch_fastapi
from starlette.routing import BaseRoute, Route

from gateway.problem_examples import examples_of
from gateway.problems import MEDIA_TYPE
from gateway.schemas.problems import Problem

Json = dict[str, Any]
Responses = dict[int | str, Json]

_PATH: Final = "/openapi.json"
_DESCRIPTION: Final = """
A marketplace, the bookstore of its seeds, and nothing between you and them but HTTP.

Every answer has `x-request-id` (yours, when you send one of at most 64 letters, digits, dots, dashes and underscores),
`server-timing` and `x-served-by`. Every refusal is `application/problem+json` (RFC 9457) with a `reason` for programs.
Money is in minor units, times are RFC 3339 in UTC, ids are opaque.
"""
_TAGS: Final = [
    {"name": "Items", "description": "What is for sale."},
    {"name": "Books", "description": "The bookstore of the seeds: seven books, no login."},
    {"name": "Albums", "description": "The album store of the seeds: images, likes and dislikes, no login."},
    {"name": "Sellers", "description": "Their items and what buyers think of them."},
    {"name": "Cart", "description": "What a buyer's session intends to buy."},
    {"name": "Orders", "description": "What was bought."},
    {"name": "Accounts", "description": "Buyers and sellers, and their sessions."},
    {"name": "Health", "description": "For probes."},
]
_HEADERS: Final[dict[str, Json]] = {
    "x-request-id": {"description": "Names this request in the logs of every tier.", "schema": {"type": "string"}},
    "server-timing": {
        "description": "Milliseconds that each tier took, what it waited for included.",
        "schema": {"type": "string", "examples": ["gateway;dur=1.2, catalog;dur=0.4"]},
    },
    "x-served-by": {
        "description": "The processes that worked on the request.",
        "schema": {"type": "string", "examples": ["gateway-0,catalog-1"]},
    },
}
_TRY_LATER: Final = {"retry-after": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_BODY_PROBLEMS: Final = {
    "400": "`UNREADABLE_JSON`: the body is not JSON.",
    "413": "`BODY_TOO_LARGE`: the body has more than 64 KiB.",
    "415": "`UNSUPPORTED_MEDIA_TYPE`: the content type is not `application/json`.",
}
_TIER_PROBLEMS: Final = {
    "500": "`INTERNAL`: a defect of the shop.",
    "503": "`TIER_DOWN`: a service is not available; safe to repeat with the same `Idempotency-Key`.",
    "504": "`DEADLINE_EXCEEDED`: no answer in time; safe to repeat with the same `Idempotency-Key`.",
}
_SECURITY_PROBLEMS: Final = {
    "session": "`SESSION_REQUIRED`: no token. `SESSION_ENDED`: one that is not valid, or not any more.",
    "operator": "`OPERATOR_TOKEN_REQUIRED`: no token, or not the operator's.",
}
# The framework's own account of a 422, which Problem stands in for.
_REPLACED_SCHEMAS: Final = {"HTTPValidationError", "ValidationError"}

# For the `responses` of a read that a cache may answer.
CACHED_READ: Final[Responses] = {
    200: {
        "headers": {
            "x-cache": {
                "description": "Which cache answered.",
                "schema": {"type": "string", "enum": ["local", "shared", "miss", "off"]},
            }
        }
    }
}

_ETAG: Final = {
    "etag": {"description": "Its version, for `If-Match`.", "schema": {"type": "string", "examples": ['"3"']}}
}
# For the `responses` of routes that answer with an item or a book.
VERSIONED: Final[Responses] = {200: {"headers": _ETAG}}
VERSIONED_READ: Final[Responses] = {200: {"headers": CACHED_READ[200]["headers"] | _ETAG}}
VERSIONED_CREATION: Final[Responses] = {201: {"headers": _ETAG}}

# For `refuses`, of routes that take an Idempotency-Key and something besides.
KEY_REUSED: Final = {422: "`IDEMPOTENCY_KEY_REUSED`: the key was sent with another request."}


def refuses(reasons: dict[int, str]) -> Responses:
    """For the `responses` of a route: how it refuses, apart from what every route may answer."""
    return {status: {"model": Problem, "description": reason} for status, reason in reasons.items()}


class DocumentedApp(FastAPI):
    def __init__(self, routes: Sequence[BaseRoute], **options: Any) -> None:
        # Before FastAPI's own, which renders the document anew for each request, and that takes milliseconds.
        super().__init__(
            routes=[Route(_PATH, self._answer_openapi, include_in_schema=False), *routes],
            openapi_url=_PATH,
            title="Agora",
            version="1",
            description=_DESCRIPTION,
            openapi_tags=_TAGS,
            # The pages come with their scripts from this process, for machines that cannot reach a CDN.
            docs_url=None,
            redoc_url=None,
            swagger_ui_oauth2_redirect_url=None,
            # The edge traces, measures and logs every request already.
            telemetry={"tracing": False, "metrics": False, "logs": False},
            **options,
        )
        self._rendered: bytes | None = None
        patch_fastapi(self)

    def openapi(self) -> Json:
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema

    async def _answer_openapi(self, _: Request) -> Response:
        if self._rendered is None:
            self._rendered = orjson.dumps(self.openapi())
        return Response(self._rendered, media_type="application/json")


def _completed(document: Json) -> Json:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path.startswith(("/v1/", "/books", "/albums", "/review")):
                _add_shared_problems(operation)
            for status, response in operation["responses"].items():
                _complete_response(status, response)
    components = document["components"]
    components["headers"] = _HEADERS | _TRY_LATER
    for name in _REPLACED_SCHEMAS & components["schemas"].keys():
        del components["schemas"][name]
    return document


def _add_shared_problems(operation: Json) -> None:
    shared = dict(_TIER_PROBLEMS)
    if "parameters" in operation or "requestBody" in operation:
        shared["422"] = "`INVALID_FIELD`: a field or parameter is not as described; each is named."
    if "requestBody" in operation:
        shared |= _BODY_PROBLEMS
    for (scheme,) in operation.get("security", ()):
        shared["401"] = _SECURITY_PROBLEMS[scheme]
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for status, description in shared.items():
        described = operation["responses"].get(status, {}).get("description")
        is_described = described not in (None, "Validation Error")
        operation["responses"][status] = {
            "description": f"{described} {description}" if is_described else description,
            "content": {"application/json": schema},
        }


def _complete_response(status: str, response: Json) -> None:
    names = [*_HEADERS, *(_TRY_LATER if status in ("429", "503") else ())]
    references = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    response["headers"] = references | response.get("headers", {})
    content = response.get("content", {})
    if status >= "400" and content.get("application/json", {}).get("schema", {}).get("$ref", "").endswith("/Problem"):
        examples = examples_of(status, response["description"])
        response["content"] = {MEDIA_TYPE: content["application/json"] | {"examples": examples}}
