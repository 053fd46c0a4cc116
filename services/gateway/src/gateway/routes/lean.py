"""Routes that go to their endpoint by the shortest way.

FastAPI prepares every request for dependencies of any kind, which takes longer than a read from the cache does. Where
an endpoint wants no more than parameters of path and query and to know who asks, this is done here with FastAPI's own
validation; every other endpoint, and the documentation of all, is left to FastAPI.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.types import Receive, Scope, Send

Endpoint = Callable[..., Awaitable[Response]]
Dependency = Callable[[Request], Awaitable[object]]

_REQUEST: Final = "request"


class LeanRoute(APIRoute):
    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if _wants_little(self.dependant):
            self.app = _Answer(endpoint, self.dependant)


class _Answer:
    """An endpoint as an ASGI application. What it raises is answered by the application's exception handlers."""

    def __init__(self, endpoint: Endpoint, dependant: Dependant) -> None:
        self._endpoint = endpoint
        self._dependencies: list[tuple[str | None, Dependency]] = [
            (dependency.name, dependency.call) for dependency in dependant.dependencies if dependency.call is not None
        ]
        self._path = dependant.path_params
        self._query = dependant.query_params

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        arguments: dict[str, Any] = {}
        for name, depend in self._dependencies:
            value = await depend(request)
            if name is not None:
                arguments[name] = value
        errors: list[Any] = []
        for field in self._path:
            arguments[field.name], faults = field.validate(
                scope["path_params"][field.alias], {}, loc=("path", field.alias)
            )
            errors += faults or ()
        if self._query:
            query, faults = request_params_to_args(self._query, request.query_params)
            arguments |= query
            errors += faults
        if errors:
            raise RequestValidationError(errors)
        response = await self._endpoint(request, **arguments)
        await response(scope, receive, send)


def _wants_little(dependant: Dependant) -> bool:
    more = (
        dependant.header_params,
        dependant.cookie_params,
        dependant.body_params,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
        dependant.security_scopes_param_name,
    )
    return (
        dependant.request_param_name == _REQUEST
        and not any(more)
        and all(isinstance(dependency.call, SecurityBase) for dependency in dependant.dependencies)
    )
