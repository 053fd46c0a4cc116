"""Exceptions that end a request, each as the problem it is."""

import asyncio
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from chassis.errors import Refusal
from gateway.edge import BODY_TOO_LARGE
from gateway.problems import Problem, problem_of
from gateway.validation import problem_of_validation

_PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: Problem(HTTPStatus.BAD_REQUEST, "UNREADABLE_JSON", "the body is not JSON"),
    HTTPStatus.NOT_FOUND: Problem(HTTPStatus.NOT_FOUND, "ROUTE_NOT_FOUND", "nothing is at this path"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: BODY_TOO_LARGE,
}
# What a client is told that goes on and on. Those who ask again at once would have their answers at the rate at which
# this process can say no, and everybody else would wait for that (see test_guesses_leave_reads_and_sign_ins_alone).
_SLOWED_DOWN: Final = frozenset({"TOO_MANY_ATTEMPTS", "TOO_MANY_SIGN_INS", "SEARCHES_COSTLY"})
_SLOW_DOWN_S: Final = 2.0


def add_exception_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)


async def _answer_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    if refusal.reason in _SLOWED_DOWN:
        await asyncio.sleep(_SLOW_DOWN_S)
    return problem_of(refusal).response()


async def _answer_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_of_validation(error).response()


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: it found no route, no such method, no JSON, or too long a body."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _method_not_allowed(request).response()
    return _PROBLEMS[HTTPStatus(error.status_code)].response()


def _method_not_allowed(request: Request) -> Problem:
    """The framework knows only the first route of a path; `Allow` must name the methods of all of them."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    allowed = {
        method
        for route in routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    if "GET" in allowed:
        allowed.add("HEAD")
    allow = ", ".join(sorted(allowed))
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", f"this path answers to {allow}", headers={"allow": allow}
    )
