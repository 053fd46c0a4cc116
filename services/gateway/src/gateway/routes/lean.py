"""Routes that go to their endpoint by the shortest way.

FastAPI prepares every request for dependencies of any kind, which takes longer than a read from the cache does, and a
third of what the gateway does for a write. Where an endpoint wants no more than parameters of path, query and header, a
JSON body, and to know who asks, this is done here with FastAPI's own validation; every other endpoint, and the
documentation of all, is left to FastAPI. `test_lean_routes` asks both the same and compares what they answer.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from pydantic.fields import FieldInfo
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gateway.routes.json_body import read_json_body

Endpoint = Callable[..., Awaitable[Response]]
Values = tuple[dict[str, Any], list[Any]]
"""Arguments by name, and what is wrong with the others."""

_REQUEST: Final = "request"
_TEXT: Final = (str, str | None)


class LeanRoute(APIRoute):
    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if _wants_little(self.dependant) and _wants_json_if_anything(self):
            self.app = _Answer(endpoint, self.dependant)


class _Answer:
    """An endpoint as an ASGI application. What it raises is answered by the application's exception handlers."""

    def __init__(self, endpoint: Endpoint, dependant: Dependant) -> None:
        self._endpoint = endpoint
        self._dependencies = dependant.dependencies
        self._path = dependant.path_params
        self._query = dependant.query_params
        self._header = dependant.header_params
        self._body = dependant.body_params

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        # As FastAPI does, the body comes first: one that cannot be read is refused whoever sent it.
        body = await read_json_body(request) if self._body else None
        arguments, errors = await self._depended_on(request)
        for field in self._path:
            arguments[field.name], faults = field.validate(
                scope["path_params"][field.alias], {}, loc=("path", field.alias)
            )
            errors += faults or ()
        if self._query:
            _add(request_params_to_args(self._query, request.query_params), arguments, errors)
        if self._header:
            _add(_of_headers(self._header, request.headers), arguments, errors)
        if self._body:
            _add(await request_body_to_args(self._body, body, embed_body_fields=False), arguments, errors)
        if errors:
            raise RequestValidationError(errors, body=body)
        response = await self._endpoint(request, **arguments)
        await response(scope, receive, send)

    async def _depended_on(self, request: Request) -> Values:
        arguments: dict[str, Any] = {}
        errors: list[Any] = []
        for dependency in self._dependencies:
            depend: Any = dependency.call
            if dependency.header_params:
                headers, faults = _of_headers(dependency.header_params, request.headers)
                errors += faults
                if faults:
                    continue
                value = await depend(**headers)
            else:
                value = await depend(request)
            if dependency.name is not None:
                arguments[dependency.name] = value
        return arguments, errors


def _of_headers(fields: Sequence[Any], headers: Headers) -> Values:
    arguments: dict[str, Any] = {}
    errors: list[Any] = []
    for field in fields:
        value = headers.get(field.alias)
        if value is None and not field.field_info.is_required():
            arguments[field.name] = field.default
        elif value is None:
            _add(request_params_to_args([field], headers), arguments, errors)
        else:
            arguments[field.name], faults = field.validate(value, {}, loc=("header", field.alias))
            errors += faults or ()
    return arguments, errors


def _add(values: Values, arguments: dict[str, Any], errors: list[Any]) -> None:
    found, faults = values
    arguments |= found
    errors += faults


def _wants_little(dependant: Dependant) -> bool:
    return (
        dependant.request_param_name == _REQUEST
        and not _wants_more(dependant)
        and all(_is_simple(dependency) for dependency in dependant.dependencies)
    )


def _is_simple(dependency: Dependant) -> bool:
    """One that wants only to know who asks, or is made of headers alone."""
    if isinstance(dependency.call, SecurityBase):
        return not dependency.header_params
    others = (
        dependency.dependencies,
        dependency.path_params,
        dependency.query_params,
        dependency.body_params,
        dependency.request_param_name,
    )
    return bool(dependency.header_params) and not any(others) and not _wants_more(dependency)


def _wants_more(dependant: Dependant) -> bool:
    return bool(
        not all(_is_text(field.field_info) for field in dependant.header_params)
        or dependant.cookie_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.http_connection_param_name
        or dependant.security_scopes_param_name
    )


def _is_text(header: FieldInfo) -> bool:
    """One text with one name, or else its default as it stands."""
    return (
        header.annotation in _TEXT and header.validation_alias in {None, header.alias} and not header.validate_default
    )


def _wants_json_if_anything(route: APIRoute) -> bool:
    fields = route.dependant.body_params
    # Of several, or of one that is a member of the body, FastAPI makes a field of its own.
    return not fields or (route.body_field is fields[0] and not isinstance(fields[0].field_info, Form))
