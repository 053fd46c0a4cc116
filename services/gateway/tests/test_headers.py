"""Headers of every answer, and what the gateway measures of itself."""

import re

import httpx
import pytest

from gateway.clients.sellers import SHOP_ID

TIMING = re.compile(r"gateway;dur=\d+\.\d(, [a-z]+;dur=\d+\.\d)*")
PATHS = [
    "/healthz",
    "/v1/items/1",
    "/v1/items/404404",
    "/nowhere",
    "/v1/cart",
    "/v1/items?page_size=0",
    "/openapi.json",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_which_request_it_answers_and_who_worked_how_long(http, path):
    answer = http.get(path)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert TIMING.fullmatch(answer.headers["server-timing"])
    assert answer.headers["x-served-by"].startswith("gateway-0")


def test_a_well_formed_request_id_is_kept_and_passed_on(http, mesh):
    answer = http.get("/v1/items/1", headers={"x-request-id": "trace-1.2_3"})
    assert answer.headers["x-request-id"] == "trace-1.2_3"
    assert mesh.catalog.calls[-1].request_id == "trace-1.2_3"


@pytest.mark.parametrize("value", ["", "with space", "x" * 65, "<script>", "é"])
def test_a_malformed_request_id_is_replaced(http, value):
    answer = http.get("/healthz", headers={"x-request-id": value.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


def test_requests_of_one_trace_have_ids_of_their_own(http):
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
    ids = {http.get("/healthz", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids - {"0af7651916cd43dd8448eb211c80319c"}) == 2


def test_tiers_are_timed_by_name_and_processes_are_named(buyer):
    answer = buyer.http.post("/v1/cart/items", json={"item_id": "1", "quantity": 1})
    assert "order;dur=" in answer.headers["server-timing"]
    assert answer.headers["x-served-by"].split(",")[0] == "gateway-0"
    assert "order-0" in answer.headers["x-served-by"].split(",")


def test_a_refusal_is_timed_as_well(http):
    answer = http.post("/v1/sessions", json={"username": "nobody", "password": "x"})
    assert "account;dur=" in answer.headers["server-timing"]
    assert answer.headers["x-served-by"] == "gateway-0,account-0"


@pytest.mark.parametrize("path", ["/v1/items/1", "/v1/items", "/books", "/books?topic=graduate%20school", "/books/1"])
def test_reads_that_may_be_cached_say_which_cache_answered(http, path):
    assert http.get(path).headers["x-cache"] == "off"


def test_a_rating_says_which_cache_answered(buyer):
    assert buyer.http.get(f"/v1/sellers/{SHOP_ID}/rating").headers["x-cache"] == "off"


@pytest.mark.parametrize("path", [*PATHS, "/books/1", "/docs"])
def test_head_answers_as_get_without_a_body(buyer, path):
    head, get = buyer.http.head(path), buyer.http.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    varying = {"x-request-id", "x-served-by", "server-timing", "date"}
    assert {name: head.headers[name] for name in head.headers if name not in varying} == {
        name: get.headers[name] for name in get.headers if name not in varying
    }


def test_head_of_a_path_without_get_is_not_allowed(http):
    answer = http.head("/v1/sessions")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_requests_are_counted_by_the_template_of_their_route(http, gateway):
    http.get("/v1/items/1")
    http.get("/v1/items/../../secret/path")
    metrics = httpx.get(gateway.metrics_url, trust_env=False).text
    counts = [line for line in metrics.splitlines() if line.startswith("http_server_request_duration_seconds_count")]
    assert any('http_route="/v1/items/{item_id}"' in line and 'code="200"' in line for line in counts)
    assert any('http_route=""' in line and 'code="404"' in line for line in counts)
    assert "secret" not in metrics
