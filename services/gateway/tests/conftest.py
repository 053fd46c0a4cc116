"""A gateway on a real socket before tiers on real sockets, and people who visit it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from .stand_in_mesh import Gateway, StandInMesh, running_gateway

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    account_id: str
    token: str
    http: httpx.Client


@pytest.fixture(scope="session")
def shared_mesh() -> Iterator[StandInMesh]:
    with StandInMesh().running() as mesh:
        yield mesh


@pytest.fixture
def mesh(shared_mesh: StandInMesh) -> Iterator[StandInMesh]:
    yield shared_mesh
    shared_mesh.calm()


@pytest.fixture(scope="session")
def gateway(shared_mesh: StandInMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(shared_mesh.targets, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def http(gateway: Gateway, mesh: StandInMesh) -> Iterator[httpx.Client]:
    """A visitor nobody knows."""
    with gateway.client() as client:
        yield client


@pytest.fixture
def sign_up(gateway: Gateway, mesh: StandInMesh):
    clients = []

    def sign_up(role: str) -> Visitor:
        client = gateway.client()
        clients.append(client)
        username = f"{role}-{uuid.uuid4()}"
        account = client.post("/v1/accounts", json={"username": username, "password": PASSWORD, "role": role})
        session = client.post("/v1/sessions", json={"username": username, "password": PASSWORD}).json()
        client.headers["authorization"] = f"Bearer {session['token']}"
        return Visitor(account.json()["account_id"], session["token"], client)

    yield sign_up
    for client in clients:
        client.close()


@pytest.fixture
def buyer(sign_up) -> Visitor:
    return sign_up("buyer")


@pytest.fixture
def seller(sign_up) -> Visitor:
    return sign_up("seller")


@pytest.fixture
def lamp() -> dict[str, object]:
    """What a seller says of an item."""
    return {
        "name": "Desk lamp",
        "category": 3,
        "keywords": ["red", "lamp"],
        "condition": "new",
        "price_cents": 1999,
        "quantity": 5,
    }


@pytest.fixture(scope="session")
def png():
    """`png(size)` is an image of that size."""
    return lambda size: (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * (size // 256 + 1))[:size]


@pytest.fixture
def item(seller: Visitor, lamp: dict[str, object]) -> dict[str, object]:
    return seller.http.post("/v1/items", json=lamp).json()
