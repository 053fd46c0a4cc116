"""A tier is down or slow, a port is taken, the gateway is told to stop: each ends as it should."""

import subprocess
import sys
import threading
import time

import httpx
import pytest

from chassis.context import DEFAULT_TIMEOUT_S
from chassis.errors import Unavailable

from .stand_in_mesh import environment_of, running_gateway

NOWHERE = dict.fromkeys(("catalog", "order", "account", "review"), "ipv4:127.0.0.1:1")


def until_ready(http, **dependencies):
    deadline = time.monotonic() + 60
    while True:
        answer = http.get("/readyz")
        if answer.status_code == 200 and answer.json()["dependencies"].items() >= dependencies.items():
            return answer.json()
        assert time.monotonic() < deadline, answer.text


def test_a_tier_that_is_down_is_a_503_before_the_deadline(tmp_path):
    with running_gateway(NOWHERE, tmp_path) as gateway, gateway.client() as http:
        http.get("/healthz")
        for method, path in [("GET", "/v1/items/1"), ("GET", "/v1/items"), ("GET", "/books/1"), ("POST", "/books/1")]:
            began = time.monotonic()
            answer = http.request(method, path)
            assert (answer.status_code, answer.json()["reason"]) == (503, "TIER_DOWN")
            assert answer.headers["retry-after"] == "1"
            assert "127.0.0.1" not in answer.text
            assert time.monotonic() - began < DEFAULT_TIMEOUT_S


def test_readiness_names_what_is_down_and_liveness_asks_nobody(tmp_path):
    with running_gateway(NOWHERE, tmp_path) as gateway, gateway.client() as http:
        down = dict.fromkeys([*NOWHERE, "redis", "stream"], "down")
        assert until_ready(http) == {"status": "ready", "dependencies": down}
        assert http.get("/healthz").json() == {"status": "alive"}


def test_only_the_missing_tier_is_missed(mesh, tmp_path):
    targets = mesh.targets | {"review": NOWHERE["review"]}
    with running_gateway(targets, tmp_path) as gateway, gateway.client() as http:
        up = dict.fromkeys(("catalog", "order", "account"), "up")
        dependencies = until_ready(http, **up)["dependencies"]
        assert dependencies == up | dict.fromkeys(("review", "redis", "stream"), "down")
        assert http.get("/v1/items/1").status_code == 200


def test_the_gateway_is_ready_without_redis(http):
    ready = until_ready(http)
    assert (ready["status"], ready["dependencies"]["redis"]) == ("ready", "down")


def test_a_tier_that_hangs_is_a_504_at_the_deadline(http, mesh):
    mesh.catalog.gate.clear()
    began = time.monotonic()
    answer = http.get("/v1/items")
    assert (answer.status_code, answer.json()["reason"]) == (504, "DEADLINE_EXCEEDED")
    assert DEFAULT_TIMEOUT_S - 0.5 < time.monotonic() - began < 6 * DEFAULT_TIMEOUT_S


def test_a_mutation_is_tried_again_under_the_same_id(http, mesh):
    mesh.order.fault = Unavailable("the store is down")
    assert http.post("/books/1").status_code == 503
    attempts = mesh.order.calls_of("PlaceOrder")
    assert len(attempts) > 1
    assert len({attempt.request.request_id for attempt in attempts}) == 1


def test_sigterm_lets_requests_in_flight_finish_and_ends_well(mesh, tmp_path):
    with running_gateway(mesh.targets, tmp_path) as gateway:
        with gateway.client() as prober:
            until_ready(prober)
        answers: list[httpx.Response] = []
        mesh.catalog.gate.clear()

        def look_up():
            with gateway.client() as http:
                answers.append(http.get("/v1/items/1"))

        visitor = threading.Thread(target=look_up)
        visitor.start()
        mesh.catalog.await_calls("BatchGetItems")
        with gateway.client() as prober:
            prober.get("/healthz")
            gateway.process.terminate()
            until_stopping(prober)
        mesh.catalog.gate.set()
        visitor.join()
        assert answers[0].status_code == 200
        assert gateway.process.wait(30) == 0


def until_stopping(prober):
    """The signal takes a moment to arrive."""
    deadline = time.monotonic() + 30
    while (answer := prober.get("/readyz")).json()["status"] != "stopping":
        assert time.monotonic() < deadline
    assert answer.status_code == 503


@pytest.mark.parametrize("name", ["HTTP_PORT", "METRICS_PORT"])
def test_a_port_that_is_taken_ends_the_start_with_one_line(ports, gateway, name):
    taken = gateway.http_port
    ended = start(environment_of(NOWHERE, ports) | {name: str(taken)})
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert name in ended.stderr
    assert str(taken) in ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("CATALOG_TARGET", "", "configuration: CATALOG_TARGET is not set\n"),
        ("HTTP_PORT", "http", "configuration: HTTP_PORT must be a port from 1 to 65535, not 'http'\n"),
        ("CACHE_MODE", "on", "configuration: CACHE_MODE must be one of off, shared, tiered, not 'on'\n"),
        ("REDIS_URL", "localhost", "configuration: REDIS_URL must be a URL like redis://host:port\n"),
    ],
)
def test_a_missing_or_malformed_value_ends_the_start_with_the_line_that_names_it(ports, name, value, line):
    ended = start(environment_of(NOWHERE, ports) | {name: value})
    assert (ended.returncode, ended.stderr) == (2, line)


def start(environment):
    return subprocess.run(
        [sys.executable, "-m", "gateway"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
