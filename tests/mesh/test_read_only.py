"""A PostgreSQL that takes no changes: reads go on, changes answer 503, no process ends, and all returns by itself."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg
import httpx

from .conftest import Mesh, Person
from .test_albums import upload

TIERS = ("catalog", "order", "account", "review")
WITHIN_S = 60.0
FAILURES = "agora_background_failures_total{"


def execute(mesh: Mesh, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(mesh.description["postgres"])
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def until_reported(client: httpx.Client, state: str) -> None:
    give_up = time.monotonic() + WITHIN_S
    while {client.get("/readyz").json()["dependencies"][tier] for tier in TIERS} != {state}:
        assert time.monotonic() < give_up, client.get("/readyz").text
        time.sleep(0.05)


@contextmanager
def read_only(mesh: Mesh, client: httpx.Client) -> Iterator[None]:
    execute(mesh, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
    try:
        until_reported(client, "read-only")
        yield
    finally:
        execute(mesh, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
    until_reported(client, "up")


def restarts(mesh: Mesh) -> dict[str, int]:
    processes = json.loads(mesh.agora("mesh", "status", "--json").stdout)
    return {process["name"]: process["restarts"] for process in processes}


def failures(mesh: Mesh) -> float:
    """Runs of background tasks that failed in any way, of all services."""
    texts = [httpx.get(process["metrics"]).text for process in mesh.description["processes"]]
    lines = [
        line for text in texts for line in text.splitlines() if line.startswith("agora_background_failures_total{")
    ]
    assert not [line for line in lines if "UNEXPECTED" in line and not line.endswith(" 0.0")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_a_read_only_database_serves_reads_only(mesh: Mesh, client: httpx.Client, sign_in: Callable[..., Person]):
    buyer, seller = sign_in("buyer"), sign_in("seller")
    key = {"idempotency-key": str(uuid4())}
    book = {"lines": [{"item_id": "2", "quantity": 1}]}
    order = buyer.client.post("/v1/orders", json=book, headers=key).json()
    assert buyer.client.post("/v1/cart/items", json={"item_id": "3", "quantity": 1}, headers=key).is_success
    album = upload(client)
    reads = [
        "/v1/items/1", "/v1/items?topic=graduate%20school", "/books/4", "/v1/cart", "/v1/orders",
        f"/v1/orders/{order['order_id']}", f"/v1/sellers/{seller.account_id}/rating", f"/albums/{album}",
        f"/albums/{album}/image", f"/review/{album}",
    ]  # fmt: skip
    before = restarts(mesh)
    with read_only(mesh, client):
        read = {path: buyer.client.get(path).status_code for path in reads}
        changes = [
            buyer.client.post("/v1/orders", json=book, headers={"idempotency-key": str(uuid4())}),
            buyer.client.post("/v1/cart/items", json={"item_id": "3", "quantity": 1}, headers=key),
            client.post("/books/1"),
            client.post("/v1/sessions", json={"username": buyer.username, "password": "correct horse"}),
        ]
        give_up = time.monotonic() + WITHIN_S
        failed = failures(mesh)
        while failures(mesh) < failed + 4:
            assert time.monotonic() < give_up
            time.sleep(0.05)

    assert read == dict.fromkeys(reads, 200)
    assert {(answer.status_code, answer.headers.get("retry-after")) for answer in changes} == {(503, "1")}
    assert {answer.json()["reason"] for answer in changes} == {"STORE_READ_ONLY"}
    assert restarts(mesh) == before
    assert client.post("/books/1").status_code == 200
