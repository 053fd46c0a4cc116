"""What `x-cache` says through the gateway's own application, in every mode."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from catalog.copies import keys_of_items, keys_of_listings
from chassis.settings import Environment
from gateway.app import create_app
from gateway.clients.sellers import SHOP_ID
from gateway.settings import Settings
from gateway.shop import State

from ..stand_in_mesh import environment_of  # noqa: TID252 - the tests one folder up have no other name

pytestmark = pytest.mark.usefixtures("unhurried")

SOURCES = {
    "off": ["off", "off", "off"],
    "shared": ["miss", "shared", "shared"],
    "tiered": ["miss", "shared", "local"],
}
MODES = pytest.mark.parametrize("mode", SOURCES)


def is_used(tiers):
    return tiers._watch.is_trusted and all(lease.is_valid for lease in tiers.leases.values())


class NoPorts:
    """Requests come without a socket."""

    def take(self) -> int:
        return 1


class Visitor:
    """Reads through the application; waits after each read for the fills and pushes that it caused."""

    def __init__(self, http: httpx.AsyncClient, state: State, invalidation) -> None:
        self.http = http
        self._tiers = state["shop"].reads._items._tiers
        self._redis = invalidation._redis
        self._flags = 0

    async def settled(self) -> None:
        if self._tiers is None:
            return
        await self._tiers.finish()
        if self._tiers._watch._local is not None:
            self._flags += 1
            await self._redis.set(f"item:flag-{self._flags}", "")
            async with asyncio.timeout(60):
                while f"item:flag-{self._flags}" not in self._tiers.local._drops:
                    await asyncio.sleep(0.001)

    async def sources(self, path: str, times: int = 3) -> list[str]:
        sources = []
        for _ in range(times):
            answer = await self.http.get(path)
            assert answer.status_code == 200, answer.text
            sources.append(answer.headers["x-cache"])
            await self.settled()
        return sources


@pytest.fixture
async def visit(mesh, redis_url, stream_url, invalidation, eventually):
    """`async with visit("shared") as visitor`: a visitor of an application of that mode."""

    @asynccontextmanager
    async def visit(mode):
        changes = {"REDIS_URL": redis_url, "STREAM_URL": stream_url, "CACHE_MODE": mode}
        app = create_app(Settings.read(Environment(environment_of(mesh.targets, NoPorts()) | changes)), asyncio.Event())
        async with app.router.lifespan_context(app) as state:

            async def served(scope, receive, send):
                await app({**scope, "state": dict(state)}, receive, send)

            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(served), base_url="http://gateway", verify=False
            ) as http:
                visitor = Visitor(http, state, invalidation)
                if visitor._tiers is not None:
                    await eventually(lambda: is_used(visitor._tiers))
                yield visitor

    return visit


async def sign_in(visitor, username):
    account = {"username": username, "password": "correct horse"}
    await visitor.http.post("/v1/accounts", json=account | {"role": "buyer"})
    session = await visitor.http.post("/v1/sessions", json=account)
    visitor.http.headers["authorization"] = f"Bearer {session.json()['token']}"


@MODES
@pytest.mark.parametrize("path", ["/v1/items/1", "/books/2", "/books"])
async def test_items_and_books_come_from_nearer_and_nearer(visit, mode, path):
    async with visit(mode) as visitor:
        sources = await visitor.sources(path)
    # There are three books of the seven that a shop may have: the others are looked for each time.
    assert sources == (SOURCES[mode] if path != "/books" or mode == "off" else ["miss"] * 3)


@MODES
async def test_an_item_is_the_same_document_wherever_it_comes_from(visit, mode, mesh):
    async with visit(mode) as visitor:
        documents = []
        for _ in range(4):
            documents.append((await visitor.http.get("/v1/items/1")).json())
            await visitor.settled()
        calls = len(mesh.catalog.calls_of("BatchGetItems"))
    assert all(document == documents[0] for document in documents)
    assert calls == (4 if mode == "off" else 1)


@MODES
async def test_ratings_come_from_nearer_and_nearer(visit, mode):
    async with visit(mode) as visitor:
        await sign_in(visitor, f"buyer-{mode}")
        assert await visitor.sources(f"/v1/sellers/{SHOP_ID}/rating") == SOURCES[mode]


@MODES
@pytest.mark.parametrize("path", ["/v1/items?keyword=book", "/books?topic=distributed%20systems"])
async def test_first_pages_come_from_nearer_and_nearer(visit, mode, path):
    async with visit(mode) as visitor:
        sources = await visitor.sources(path, 4)
    # The search fills no item: the second reader knows the page, and asks for what is on it.
    far = {"off": ["off"] * 4, "shared": ["miss", "miss", "shared", "shared"], "tiered": ["miss", "miss", "shared"]}
    assert sources[: len(far[mode])] == far[mode]
    assert mode != "tiered" or sources[3] == "local"


@pytest.mark.parametrize("mode", ["shared", "tiered"])
async def test_a_change_shows_in_every_answer_with_the_item(visit, mode, mesh, invalidation):
    paths = ("/v1/items/1", "/books/1", "/v1/items?keyword=book", "/books?topic=distributed%20systems")
    async with visit(mode) as visitor:
        for path in paths:
            await visitor.sources(path)
        mesh.catalog.items["1"].price_cents += 11
        cents = mesh.catalog.items["1"].price_cents
        await invalidation.run(keys_of_items([1]) + keys_of_listings([mesh.catalog.items["1"]]))
        await visitor.settled()
        assert (await visitor.http.get("/v1/items/1")).json()["price_cents"] == cents
        assert (await visitor.http.get("/books/1")).json()["cost"] == cents / 100
        assert (await visitor.http.get("/v1/items?keyword=book")).json()["items"][0]["price_cents"] == cents


@MODES
async def test_what_is_not_there_is_not_cached(visit, mode, mesh):
    async with visit(mode) as visitor:
        for path, reason in (("/v1/items/404404", "ITEM_NOT_FOUND"), ("/books/404404", "BOOK_NOT_FOUND")):
            for _ in range(2):
                answer = await visitor.http.get(path)
                assert (answer.status_code, answer.json()["reason"]) == (404, reason)
                await visitor.settled()
        assert len(mesh.catalog.calls_of("BatchGetItems")) == 4
