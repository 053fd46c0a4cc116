"""A lean route answers as FastAPI's own does: the same validation, the same order, the same document."""

from typing import Annotated, Final

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase

from gateway.routes.lean import LeanRoute
from gateway.schemas.items import NewItem, SearchQuery
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


class _Bearer(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer()
        self.scheme_name = "session"

    async def __call__(self, request: Request) -> str:
        if not request.headers.get("authorization"):
            raise HTTPException(401)
        return request.headers["authorization"]


_bearer = _Bearer()


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

    @router.get("/way")
    async def tell_way(request: Request) -> Response:
        return Response("short" if "fastapi_inner_astack" not in request.scope else "long")

    @router.post("/things")
    async def add(request: Request, thing: NewItem, who: Annotated[str, Depends(_bearer)]) -> Response:
        return Response(f"{request.url} {thing!r} {who}")

    # As the gateway's application takes them: `include_router` would build their handlers anew.
    return FastAPI(routes=router.routes)


async def _ask(app: FastAPI, url: str, authorization: str, method: str = "GET") -> tuple[int, str]:
    headers = {"authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop", headers=headers) as http:
        answer = await http.request(method, url, json={})
        return answer.status_code, answer.text


@pytest.mark.parametrize(("url", "authorization"), _REQUESTS)
async def test_answers_what_fastapi_answers(url: str, authorization: str) -> None:
    expected = await _ask(_app(APIRoute), url, authorization)
    assert await _ask(_app(LeanRoute), url, authorization) == expected


async def test_takes_a_shorter_way() -> None:
    assert await _ask(_app(LeanRoute), "/way", "") == (200, "short")
    assert await _ask(_app(APIRoute), "/way", "") == (200, "long")


async def test_leaves_what_has_a_body_to_fastapi() -> None:
    expected = await _ask(_app(APIRoute), "/things", "Bearer a", "POST")
    assert expected[0] == 422
    assert await _ask(_app(LeanRoute), "/things", "Bearer a", "POST") == expected


def test_is_documented_as_fastapi_documents_it() -> None:
    assert _app(LeanRoute).openapi() == _app(APIRoute).openapi()
