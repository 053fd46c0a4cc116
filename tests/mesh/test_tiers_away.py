"""The table of docs/availability.md, asked of a mesh: with a tier away, only the routes that need it answer 503."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from .conftest import Mesh, Person, running_mesh
from .test_albums import PNG, PROFILE, upload

TIERS = ("catalog", "order", "account", "review")
PAGE = Path(__file__).parents[2] / "docs" / "availability.md"
ROW = re.compile(r"^\| `([A-Z]+ /\S*)` \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
ASKED = 3
WITHIN_S = 60.0

Ask = Callable[[], httpx.Response]


def needs() -> dict[str, set[str]]:
    """Tiers by route, as the page says."""
    rows = ROW.findall(PAGE.read_text())
    return {route: {tier for tier, mark in zip(TIERS, marks, strict=True) if mark.strip()} for route, *marks in rows}


@dataclass
class Shop:
    """One request for each route, by people who are known to it; each may be sent again and again."""

    anyone: httpx.Client
    buyer: Person
    seller: Person
    leaving: list[Person]
    operator: dict[str, str]
    item: str
    bought: Iterator[str]
    order: str
    album: str

    def requests(self) -> dict[str, Ask]:
        anyone, buyer, seller = self.anyone, self.buyer.client, self.seller.client
        book = {"lines": [{"item_id": "3", "quantity": 1}]}
        numbers = count()
        return {
            "POST /v1/accounts": lambda: anyone.post("/v1/accounts", json=credentials(uuid4().hex) | {"role": "buyer"}),
            "POST /v1/sessions": lambda: anyone.post("/v1/sessions", json=credentials(self.buyer.username)),
            "DELETE /v1/sessions/current": lambda: self.leaving.pop().client.delete("/v1/sessions/current"),
            "GET /v1/items": partial(anyone.get, "/v1/items", params={"topic": "graduate school"}),
            "POST /v1/items": lambda: seller.post("/v1/items", json=item(f"i{next(numbers)}"), headers=key()),
            "GET /v1/items/{item_id}": partial(anyone.get, "/v1/items/1"),
            "PATCH /v1/items/{item_id}": lambda: seller.patch(
                f"/v1/items/{self.item}", json={"price_cents": 5}, headers=key()
            ),
            "POST /v1/items/{item_id}/feedback": lambda: buyer.post(
                f"/v1/items/{next(self.bought)}/feedback", json={"vote": "up"}
            ),
            "GET /v1/sellers/me/items": partial(seller.get, "/v1/sellers/me/items"),
            "GET /v1/sellers/{seller_id}/rating": partial(buyer.get, f"/v1/sellers/{self.seller.account_id}/rating"),
            "GET /v1/cart": partial(buyer.get, "/v1/cart"),
            "POST /v1/cart/items": lambda: buyer.post(
                "/v1/cart/items", json={"item_id": "1", "quantity": 1}, headers=key()
            ),
            "DELETE /v1/cart/items/{item_id}": lambda: buyer.delete(
                "/v1/cart/items/4", params={"quantity": 1}, headers=key()
            ),
            "POST /v1/cart/save": partial(buyer.post, "/v1/cart/save"),
            "DELETE /v1/cart": partial(buyer.delete, "/v1/cart"),
            "GET /v1/orders": partial(buyer.get, "/v1/orders"),
            "POST /v1/orders": lambda: buyer.post("/v1/orders", json=book, headers=key()),
            "GET /v1/orders/{order_id}": partial(buyer.get, f"/v1/orders/{self.order}"),
            "GET /books": partial(anyone.get, "/books", params={"topic": "graduate school"}),
            "GET /books/{id}": partial(anyone.get, "/books/2"),
            "POST /books/{id}": lambda: anyone.post("/books/2", headers=key()),
            "PATCH /books/{id}": partial(anyone.patch, "/books/7", json={"cost": 60.0}, headers=self.operator),
            "POST /albums": lambda: upload_unchecked(anyone),
            "GET /albums/{albumID}": partial(anyone.get, f"/albums/{self.album}"),
            "GET /albums/{albumID}/image": partial(anyone.get, f"/albums/{self.album}/image"),
            "GET /review/{albumID}": partial(anyone.get, f"/review/{self.album}"),
            "POST /review/{verb}/{albumID}": partial(anyone.post, f"/review/like/{self.album}"),
        }


def upload_unchecked(client: httpx.Client) -> httpx.Response:
    parts = {"image": ("cover.png", PNG, "image/png"), "profile": (None, json.dumps(PROFILE))}
    return client.post("/albums", files=parts)


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


def credentials(username: str) -> dict[str, str]:
    return {"username": username, "password": "correct horse"}


def item(name: str) -> dict[str, object]:
    return {"name": name, "category": 1, "keywords": [], "condition": "new", "price_cents": 1, "quantity": 1000}


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    # Without a cache, so that what a route needs does not depend on what was asked before.
    with running_mesh("--cache", "off", AGORA_SAMPLE_ITEMS="0") as running:
        yield running


@pytest.fixture
def shop(client: httpx.Client, sign_in: Callable[..., Person], mesh: Mesh) -> Shop:
    buyer, seller = sign_in("buyer"), sign_in("seller")
    # Feedback is given once for an item, and each tier's absence is met by several requests.
    items = [seller.client.post("/v1/items", json=item(f"f{number}")).json()["item_id"] for number in range(ASKED + 1)]
    lines = [{"item_id": item_id, "quantity": 1} for item_id in items]
    order = buyer.client.post("/v1/orders", json={"lines": lines}, headers=key())
    assert order.status_code == 201, order.text
    assert buyer.client.post("/v1/cart/items", json={"item_id": "4", "quantity": 100}, headers=key()).is_success
    album = upload(client)
    leaving = [sign_in("buyer") for _ in range(ASKED + 1)]
    operator = {"authorization": f"Bearer {mesh.operator_token}"}
    return Shop(client, buyer, seller, leaving, operator, items[0], iter(items), order.json()["order_id"], album)


def until_reported(client: httpx.Client, tier: str, state: str) -> None:
    give_up = time.monotonic() + WITHIN_S
    while (answer := client.get("/readyz")).json()["dependencies"][tier] != state:
        assert answer.status_code == 200, answer.text
        assert time.monotonic() < give_up, answer.text
        time.sleep(0.05)


def test_the_page_names_every_route(client: httpx.Client):
    paths = client.get("/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert routes - {"GET /healthz", "GET /readyz"} == needs().keys()


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_that_is_away_takes_only_its_routes(mesh: Mesh, client: httpx.Client, shop: Shop, tier: str):
    replicas = [process["name"] for process in mesh.description["processes"] if process["service"] == tier]
    for name in replicas:
        assert mesh.agora("mesh", "kill", name, "--stay-down").returncode == 0
    until_reported(client, tier, "down")
    # The gateway knows a session for a second, and would answer without the account service for as long.
    time.sleep(1)
    answers = {route: [ask() for _ in range(ASKED)] for route, ask in shop.requests().items()}
    for name in replicas:
        assert mesh.agora("mesh", "start", name).returncode == 0
    until_reported(client, tier, "up")

    wrong = {
        route: [(answer.status_code, answer.text[:200]) for answer in several]
        for route, several in answers.items()
        for needed in [tier in needs()[route]]
        if any(is_unavailable(answer) is not needed or (not needed and answer.is_error) for answer in several)
    }
    assert not wrong


def is_unavailable(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and answer.headers["retry-after"] == "1"
