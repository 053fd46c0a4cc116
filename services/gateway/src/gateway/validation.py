"""Requests that are not what the schemas say, as problems that name each field."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError

from gateway.problems import FieldProblem, Problem

# A body of 64 KiB can hold thousands of mistakes, and one mistaken name can be as long.
_MAX_FIELDS: Final = 20
_MAX_NAME_LENGTH: Final = 100
_SENTENCES: Final = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "string_pattern_mismatch": "holds characters that are not allowed, or lacks needed ones",
    "string_unicode": "is not valid Unicode text",
}


def problem_of_validation(error: RequestValidationError) -> Problem:
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return Problem(HTTPStatus.BAD_REQUEST, "UNREADABLE_JSON", f"the body is not JSON: {faults[0]['ctx']['error']}")
    # FastAPI leaves a body undecoded when its content type does not say JSON.
    if isinstance(error.body, bytes):
        return Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "send JSON, with `content-type: application/json`",
        )
    fields = [_field_problem(fault) for fault in faults[:_MAX_FIELDS]]
    detail = "; ".join(f"{field}: {problem}" for field, problem in fields)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "INVALID_FIELD", detail, fields)


def _field_problem(fault: Mapping[str, Any]) -> FieldProblem:
    """Never tells the rejected value, which may be a password."""
    place, *path = fault["loc"]
    name = ".".join(str(step) for step in path) or str(place)
    sentence = _SENTENCES.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
    return FieldProblem(name[:_MAX_NAME_LENGTH], sentence)
