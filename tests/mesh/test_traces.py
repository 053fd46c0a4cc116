"""One checkout, seen as one trace by a collector, as lines by a log reader, and as an exemplar by a Prometheus."""

import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from .collector import Collector, Received
from .conftest import Mesh, running_mesh

pytestmark = pytest.mark.xdist_group("traces")

PROFILE = '{"artist": "AgoraBand", "title": "Live", "year": "1999"}'
GET = "agora.catalog.v1.CatalogService/BatchGetItems"
RESERVE = "agora.catalog.v1.CatalogService/ReserveStock"
# The request's own, six of RPCs, four of batches, six of PostgreSQL, at least three of Redis.
SPANS = 20
OPEN_METRICS = {"accept": "application/openmetrics-text"}
PLACE = "agora.order.v1.OrderService/PlaceOrder"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector.running() as running:
        yield running


@pytest.fixture(scope="module")
def traced_mesh(collector: Collector) -> Iterator[Mesh]:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_TRACES_SAMPLER_ARG": "0",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "LOG_FORMAT": "json",
        "AGORA_SAMPLE_ITEMS": "0",
    }
    with running_mesh(**variables) as mesh:
        yield mesh


@pytest.fixture
def client(traced_mesh: Mesh) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=traced_mesh.url, timeout=60) as anonymous:
        yield anonymous


def buy_a_book(client: httpx.Client, *, sampled: bool) -> tuple[str, str]:
    """The ids of the trace and of the browser's span in it."""
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    headers = {"traceparent": f"00-{trace_id}-{span_id}-0{int(sampled)}", "idempotency-key": uuid4().hex}
    assert client.post("/books/1", headers=headers).status_code == 200
    return trace_id, span_id


def path_of(span: Received, by_id: dict[str, Received]) -> list[str]:
    """The names from the root down to the span."""
    parent = by_id.get(span.parent_id)
    return [*(path_of(parent, by_id) if parent else []), f"{span.tier}: {span.name}"]


def logs_of(mesh: Mesh) -> list[Path]:
    return list((mesh.directory / "logs").glob("*.log"))


def await_lines(mesh: Mesh, trace_id: str, tiers: set[str]) -> list[dict[str, Any]]:
    """Those with the id of the trace, once each of the tiers has written one."""
    give_up = time.monotonic() + 60
    while True:
        texts = [text for log in logs_of(mesh) for text in log.read_text().splitlines() if trace_id in text]
        lines = [json.loads(text) for text in texts]
        if tiers <= {line["instance"].partition("-")[0] for line in lines}:
            return lines
        assert time.monotonic() < give_up, lines
        time.sleep(0.05)


def test_a_checkout_is_one_trace_from_the_browser_to_the_last_query(client: httpx.Client, collector: Collector):
    trace_id, browser_span_id = buy_a_book(client, sampled=True)
    spans = collector.await_trace(trace_id, SPANS)
    by_id = {span.span_id: span for span in spans}
    [root] = [span for span in spans if span.parent_id not in by_id]
    assert (root.tier, root.name, root.kind, root.parent_id) == (
        "gateway",
        "POST /books/{id}",
        "SERVER",
        browser_span_id,
    )

    paths = {tuple(path_of(span, by_id)) for span in spans}
    looked_up = (
        "gateway: POST /books/{id}",
        "gateway: item",
        f"gateway: {GET}",
        f"catalog: {GET}",
        "catalog: get_items",
    )
    placed = ("gateway: POST /books/{id}", f"gateway: {PLACE}", f"order: {PLACE}")
    reserved = (
        *placed,
        "order: reserve_stock_calls",
        f"order: {RESERVE}",
        f"catalog: {RESERVE}",
        "catalog: reserve_stock",
    )
    expected = {
        looked_up,
        (*placed, "order: record_orders", "order: record_orders"),
        *((*reserved, f"catalog: {step}") for step in ("lock_items", "record_decisions", "COMMIT", "UNLINK")),
    }
    assert expected - paths == set()
    assert all(span.begin >= by_id[span.parent_id].begin for span in spans if span is not root)
    # The first use of a script finds that Redis has to be told of it.
    assert {span.attributes["error.type"] for span in spans if span.has_failed} <= {"NoScriptError"}
    assert by_id[root.span_id].attributes["http.response.status_code"] == 200
    redis = next(span for span in spans if span.name == "UNLINK")
    assert (redis.kind, redis.attributes["db.system.name"]) == ("CLIENT", "redis")


def test_a_vote_is_one_trace_from_the_browser_through_the_stream_to_its_count(
    client: httpx.Client, collector: Collector
):
    form = {"image": ("cover.png", b"\x89PNG\r\n\x1a\n", "image/png"), "profile": (None, PROFILE, "application/json")}
    album_id = client.post("/albums", files=form).json()["albumID"]
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert client.post(f"/review/like/{album_id}", headers=headers).status_code == 201
    spans = collector.await_trace(trace_id, 6, last="fold_votes")
    by_id = {span.span_id: span for span in spans}
    [counting] = [span for span in spans if span.kind == "CONSUMER"]
    cast = "gateway: POST /review/{verb}/{albumID}"
    assert path_of(counting, by_id) == [cast, "review-worker: fold_votes"]
    assert [cast, "review-worker: fold_votes", "review-worker: COMMIT"] in [path_of(span, by_id) for span in spans]


@pytest.mark.parametrize("sampled", [True, False])
def test_every_tier_writes_a_line_with_the_ids(client: httpx.Client, traced_mesh: Mesh, sampled: bool):
    trace_id, _ = buy_a_book(client, sampled=sampled)
    lines = await_lines(traced_mesh, trace_id, {"gateway", "order", "catalog"})
    [at_the_gateway] = [line for line in lines if line["instance"] == "gateway-0"]
    assert (at_the_gateway["method"], at_the_gateway["route"], at_the_gateway["status"]) == ("POST", "/books/{id}", 200)
    assert {line["request_id"] for line in lines} == {at_the_gateway["request_id"]}
    assert {line["level"] for line in lines} == {"INFO"}
    assert all(line["duration_ms"] > 0 for line in lines)
    assert {line["rpc_method"] for line in lines if line is not at_the_gateway} <= {GET, PLACE, RESERVE}


def test_no_line_shows_what_a_request_brought_along(client: httpx.Client, traced_mesh: Mesh):
    password, secret = f"password-{secrets.token_hex(8)}", f"secret-{secrets.token_hex(8)}"
    account = {"username": f"b{secrets.token_hex(6)}", "password": password}
    assert client.post("/v1/accounts", json=account | {"role": "buyer"}).status_code == 201
    token = client.post("/v1/sessions", json=account).json()["token"]
    trace_id = secrets.token_hex(16)
    headers = {"authorization": f"Bearer {token}", "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00"}
    assert client.get("/v1/cart", params={"q": secret}, headers=headers).status_code == 200
    assert client.get(f"/v1/items/{secret}", headers=headers).status_code == 404
    await_lines(traced_mesh, trace_id, {"gateway", "order"})
    written = "".join(log.read_text() for log in logs_of(traced_mesh))
    assert not [each for each in (password, secret, token) if each in written]


def test_the_histogram_of_a_tier_leads_to_the_trace(client: httpx.Client, traced_mesh: Mesh):
    trace_id, _ = buy_a_book(client, sampled=True)
    metrics = next(each["metrics"] for each in traced_mesh.description["processes"] if each["name"] == "gateway-0")
    # The gateway notes it when it has answered.
    give_up = time.monotonic() + 60
    while f'trace_id="{trace_id}"' not in httpx.get(metrics, headers=OPEN_METRICS, timeout=60).text:
        assert time.monotonic() < give_up


def test_what_is_not_sampled_is_not_sent(client: httpx.Client, collector: Collector):
    unsampled, _ = buy_a_book(client, sampled=False)
    sampled, _ = buy_a_book(client, sampled=True)
    assert collector.await_trace(sampled, 12)
    assert not collector.trace(unsampled)


def test_a_failure_is_sent_by_every_tier_it_went_through_though_nobody_sampled_it(
    client: httpx.Client, traced_mesh: Mesh, collector: Collector
):
    trace_id = secrets.token_hex(16)
    for name in ("order-0", "order-1"):
        assert traced_mesh.agora("mesh", "kill", name, "--stay-down").returncode == 0
    try:
        headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-00", "idempotency-key": uuid4().hex}
        assert client.post("/books/1", headers=headers).status_code in {503, 504}
        [span] = collector.await_trace(trace_id, 1)
    finally:
        for name in ("order-0", "order-1"):
            traced_mesh.agora("mesh", "start", name)
    assert (span.tier, span.has_failed) == ("gateway", True)
    lines = await_lines(traced_mesh, trace_id, {"gateway"})
    assert [line["level"] for line in lines if line["instance"] == "gateway-0"] == ["WARNING"]
