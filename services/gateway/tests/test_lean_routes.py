"""A lean route answers as FastAPI's own does: the same validation, the same order, the same document."""

from functools import cache
from typing import Annotated, Final

import httpx
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Form, Header, Path, Query, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.exceptions import HTTPException
from starlette.types import Message

from gateway.exception_handlers import add_exception_handlers
from gateway.refusals import SessionRequired
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import Key, RequiredKey
from gateway.schemas.items import NewItem, SearchQuery
from gateway.schemas.orders import NewOrder
from gateway.schemas.types import IN_DIGITS, Id

_REQUESTS: Final = (
    ("/things/8", "Bearer a"),
    ("/things/8", ""),
    (f"/things/{'8' * 65}", "Bearer a"),
    (f"/things/{'8' * 65}", ""),
    ("/things/%00", "Bearer a"),
    ("/shelves/3/things/8", "Bearer a"),
    ("/shelves/3.0/things/%00?category=x&page_size=0&colour=red", "Bearer a"),
    ("/shelves/3/things/8?keyword=red&keyword=lamp&category=7&q=desk", "Bearer a"),
    ("/shelves/3/things/8?category=7&category=8", "Bearer a"),
    ("/guarded", "Bearer a"),
    ("/guarded", ""),
    ("/nowhere", ""),
)

_THING: Final = b'{"name": "Lamp", "category": 3, "keywords": [], "condition": "new", "price_cents": 1, "quantity": 1}'
_BODIES: Final = (
    b"",
    _THING,
    _THING.replace(b"3", b"3000"),
    _THING.replace(b"Lamp", b"L\xc3\xa4mp\\ud800"),
    _THING.replace(b"Lamp", b"L\xff"),
    b'{"lines": [{"item_id": "1", "quantity": 1}]}',
    b'{"lines": [{"item_id": "1", "quantity": 0}], "colour": "red"}',
    b"null",
    b"[]",
    b"NaN",
    b"{}",
    b'{"lines": ',
    b"[" * 100_000,
)
_BEARER: Final = {"authorization": "Bearer a"}
_KEYED: Final = _BEARER | {"idempotency-key": "k", "colour-wanted": "red"}
_HEADERS: Final = (
    {"content-type": "application/json"},
    _KEYED,
    _KEYED | {"content-type": "application/json"},
    _KEYED | {"content-type": "Application/JSON; charset=utf-8"},
    _KEYED | {"content-type": "application/problem+json"},
    _KEYED | {"content-type": "text/plain"},
    _KEYED | {"content-type": "json"},
    _KEYED | {"content-type": "application/json", "colour-wanted": "x"},
    _KEYED | {"content-type": "application/json", "size-wanted": "xl"},
    _KEYED | {"content-type": "application/json", "size-wanted": "huge"},
    _BEARER | {"content-type": "application/json", "idempotency-key": ""},
    _BEARER | {"content-type": "application/json", "idempotency-key": "x" * 201},
    _BEARER | {"content-type": "application/json"},
)


class _Bearer(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer()
        self.scheme_name = "session"

    async def __call__(self, request: Request) -> str:
        if not request.headers.get("authorization"):
            raise SessionRequired
        return request.headers["authorization"]


_bearer = _Bearer()


async def _anybody(request: Request) -> str:
    return str(request.url)


def _way(request: Request) -> Response:
    return Response("short" if "fastapi_inner_astack" not in request.scope else "long")


@cache
def _app(route_class: type[APIRoute]) -> FastAPI:
    router = APIRouter(route_class=route_class)

    @router.get("/things/{thing_id}")
    async def show(
        request: Request, thing_id: Annotated[Id, Path()], who: Annotated[str, Depends(_bearer)]
    ) -> Response:
        return Response(f"{request.url} {thing_id} {who}")

    @router.get("/shelves/{shelf}/things/{thing}")
    async def search(
        request: Request,
        number: Annotated[int, Path(alias="shelf"), IN_DIGITS],
        thing: Annotated[Id, Path()],
        query: Annotated[SearchQuery, Query()],
    ) -> Response:
        return Response(f"{request.url} {number} {thing} {query!r}")

    @router.get("/guarded", dependencies=[Depends(_bearer)])
    async def guarded(request: Request) -> Response:
        return Response(f"{request.url}")

    @router.post("/things")
    async def add(request: Request, thing: NewItem, who: Annotated[str, Depends(_bearer)], key: Key = None) -> Response:
        return Response(f"{thing!r} {who} {key}")

    @router.post("/orders/{number}")
    async def order(
        request: Request,
        key: RequiredKey,
        number: Annotated[int, Path(), IN_DIGITS],
        colour_wanted: Annotated[str, Header(min_length=2)],
        lines: NewOrder | None = None,
        size_wanted: Annotated[str | None, Header(max_length=2)] = None,
    ) -> Response:
        return Response(f"{number} {key} {colour_wanted} {size_wanted} {lines!r} {await request.body()!r}")

    _add_routes_that_tell_their_way(router)
    _add_routes_with_odd_headers(router)
    # As the gateway's application takes them: `include_router` would build their handlers anew.
    app = FastAPI(routes=router.routes)
    add_exception_handlers(app)
    return app


def _add_routes_that_tell_their_way(router: APIRouter) -> None:
    @router.get("/way")
    async def tell_way(request: Request) -> Response:
        return _way(request)

    @router.post("/way")
    async def tell_way_of_body(request: Request, thing: NewItem, key: Key = None) -> Response:
        return _way(request)

    @router.post("/way/of/member")
    async def tell_way_of_member(request: Request, number: Annotated[int, Body(embed=True)]) -> Response:
        return _way(request)

    @router.post("/way/of/two")
    async def tell_way_of_two(request: Request, number: Annotated[int, Body()], other: int = Body()) -> Response:  # noqa: FAST002
        return _way(request)

    @router.post("/way/of/form")
    async def tell_way_of_form(request: Request, number: Annotated[int, Form()]) -> Response:
        return _way(request)

    @router.post("/way/of/cookie")
    async def tell_way_of_cookie(request: Request, number: Annotated[int, Cookie()] = 0) -> Response:
        return _way(request)

    @router.post("/way/of/dependency")
    async def tell_way_of_dependency(request: Request, who: Annotated[str, Depends(_anybody)]) -> Response:
        return _way(request)


def _add_routes_with_odd_headers(router: APIRouter) -> None:
    @router.post("/way/of/number")
    async def tell_way_of_number(request: Request, number: Annotated[int, Header()] = 0) -> Response:
        return _way(request)

    @router.post("/way/of/names")
    async def tell_way_of_names(request: Request, size: Annotated[str, Header(validation_alias="x")] = "") -> Response:
        return _way(request)

    @router.post("/way/of/default")
    async def tell_way_of_default(
        request: Request, size: Annotated[str, Header(validate_default=True)] = ""
    ) -> Response:
        return _way(request)


async def _ask(app: FastAPI, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> tuple[int, str]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as http:
        answer = await http.request(method, url, headers=headers, content=content)
        return answer.status_code, answer.text


@pytest.mark.parametrize(("url", "authorization"), _REQUESTS)
async def test_answers_what_fastapi_answers(url: str, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    expected = await _ask(_app(APIRoute), "GET", url, headers)
    assert await _ask(_app(LeanRoute), "GET", url, headers) == expected


@pytest.mark.parametrize("body", _BODIES)
@pytest.mark.parametrize("headers", _HEADERS)
@pytest.mark.parametrize("url", ["/things", "/orders/7", "/orders/x"])
async def test_answers_what_fastapi_answers_to_a_body(url: str, headers: dict[str, str], body: bytes) -> None:
    expected = await _ask(_app(APIRoute), "POST", url, headers, body)
    assert await _ask(_app(LeanRoute), "POST", url, headers, body) == expected


async def test_some_of_these_requests_are_good_and_some_are_not() -> None:
    told = {
        (await _ask(_app(LeanRoute), "POST", url, headers, body))[0]
        for url in ("/things", "/orders/7")
        for headers in _HEADERS
        for body in _BODIES
    }
    assert told == {200, 400, 401, 415, 422}


async def test_a_body_that_is_refused_while_it_is_read_is_refused_so() -> None:
    async def too_long() -> Message:
        raise HTTPException(413)

    for route_class in (LeanRoute, APIRoute):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/things", "headers": [], "query_string": b""}
        await _app(route_class)(scope, too_long, send)
        assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    ("method", "url", "way"),
    [
        ("GET", "/way", "short"),
        ("POST", "/way", "short"),
        ("POST", "/way/of/member", "long"),
        ("POST", "/way/of/two", "long"),
        ("POST", "/way/of/form", "long"),
        ("POST", "/way/of/number", "long"),
        ("POST", "/way/of/names", "long"),
        ("POST", "/way/of/default", "long"),
        ("POST", "/way/of/cookie", "long"),
        ("POST", "/way/of/dependency", "long"),
    ],
)
async def test_takes_the_shorter_way_where_it_can(method: str, url: str, way: str) -> None:
    headers, body = {"content-type": "application/json"}, _THING
    if "two" in url or "member" in url:
        body = b'{"number": 1, "other": 2}'
    elif "form" in url:
        headers, body = {"content-type": "application/x-www-form-urlencoded"}, b"number=1"
    assert await _ask(_app(LeanRoute), method, url, headers, body) == (200, way)
    assert await _ask(_app(APIRoute), method, url, headers, body) == (200, "long")


def test_is_documented_as_fastapi_documents_it() -> None:
    assert _app(LeanRoute).openapi() == _app(APIRoute).openapi()
