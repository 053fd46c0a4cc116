"""Refusals as HTTP answers: the one table from gRPC status to HTTP status, and the shape of RFC 9457."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

import orjson
from fastapi import Response
from grpc import StatusCode

from chassis.context import current_request_id
from chassis.errors import RETRY_AFTER_S, Refusal
from chassis.status import code_of

MEDIA_TYPE: Final = "application/problem+json"

_STATUSES: Final = {
    StatusCode.INVALID_ARGUMENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    StatusCode.OUT_OF_RANGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    StatusCode.ABORTED: HTTPStatus.CONFLICT,
    StatusCode.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    StatusCode.CANCELLED: HTTPStatus.SERVICE_UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
}
# Where the gRPC status alone would not tell.
_STATUSES_OF_REASONS: Final = {"ITEM_CHANGED": HTTPStatus.PRECONDITION_FAILED}
_HEADERS: Final[Mapping[HTTPStatus, Mapping[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: {"www-authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"retry-after": "1"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"retry-after": "1"},
}
# Fields of RPCs that a REST client knows by another name.
_HTTP_NAMES: Final = {"request_id": "Idempotency-Key", "text": "q"}


class FieldProblem(NamedTuple):
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Problem:
    """`members` are further members of the JSON object, as RFC 9457 allows them."""

    status: HTTPStatus
    reason: str
    detail: str
    errors: Sequence[FieldProblem] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        document: dict[str, object] = {
            "type": f"urn:agora:problem:{self.reason}",
            "title": self.reason.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
            "request_id": current_request_id(),
        }
        if self.errors:
            document["errors"] = [error._asdict() for error in self.errors]
        if self.metadata:
            document["metadata"] = self.metadata
        return orjson.dumps({**document, **self.members})

    def response(self) -> Response:
        headers = {**_HEADERS.get(self.status, {}), **self.headers}
        return Response(self.body(), self.status, headers, MEDIA_TYPE)


INTERNAL: Final = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL", "an internal error occurred")


def problem_of(refusal: Refusal, members: Mapping[str, object] | None = None) -> Problem:
    """The answer to a request that was refused, here or by a service."""
    status = _STATUSES_OF_REASONS.get(refusal.reason) or _STATUSES.get(code_of(refusal))
    if status is None:
        return INTERNAL
    errors, metadata = (
        _fields_and_metadata(refusal) if status is HTTPStatus.UNPROCESSABLE_ENTITY else ((), refusal.metadata)
    )
    headers = {"retry-after": retry_after} if (retry_after := refusal.metadata.get(RETRY_AFTER_S)) else {}
    return Problem(status, refusal.reason, refusal.message, errors, metadata, members or {}, headers)


def _fields_and_metadata(refusal: Refusal) -> tuple[Sequence[FieldProblem], dict[str, str]]:
    metadata = dict(refusal.metadata)
    name = metadata.pop("field", "")
    problem = metadata.pop("problem", refusal.message)
    return [FieldProblem(_HTTP_NAMES.get(name, name), problem)] if name else [], metadata
