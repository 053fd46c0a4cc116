"""Dashboards that cannot be empty: each query of a panel or an alert, asked of a real Prometheus beside a real mesh."""

import json
import math
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml

from .conftest import Mesh, running_mesh
from .traffic import Traffic

pytestmark = [
    pytest.mark.xdist_group("dashboards"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus on the PATH"),
]

ROOT = Path(__file__).parents[2]
FILLED_WITHIN_S = 200.0
COMPARISON = re.compile(r" ([<>]=?) ")
NOT_METRICS = re.compile(
    r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|\b(?:\w+ by|ignoring) \([^)]*\)|\b\w+ ?\(|\b(?:and|or|unless|bool)\b'
)
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_:]*")
MOST_SERIES_OF_A_PROCESS = 4_000


class Query(NamedTuple):
    """Where an expression stands, and the expression."""

    place: str
    expression: str


class Prometheus:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def values(self, expression: str) -> list[float]:
        """Those that are numbers; raises what Prometheus finds wrong with the expression."""
        answer = self._client.get("/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer['error']}"
        values = [float(series["value"][1]) for series in answer["data"]["result"]]
        return [value for value in values if not math.isnan(value)]

    def names(self) -> set[str]:
        return set(self._client.get("/label/__name__/values").json()["data"])


def panel_queries() -> Iterator[Query]:
    for path in sorted((ROOT / "charts/agora/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                expression = target["expr"].replace("$__rate_interval", "30s")
                yield Query(f"{path.stem}, {panel['title']}", expression)


def rule_queries() -> Iterator[Query]:
    """Of an alert that is quiet nothing is left; what it compares must be there all the same."""
    for path in sorted((ROOT / "charts/agora/alerts").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                yield Query(name, COMPARISON.sub(r" \1 bool ", rule["expr"]))


def metrics_of(expression: str) -> set[str]:
    return set(NAME.findall(NOT_METRICS.sub(" ", expression)))


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    with running_mesh("--observe", AGORA_SAMPLE_ITEMS="200") as observed:
        yield observed


@contextmanager
def locust(mesh: Mesh) -> Iterator[None]:
    files = "loadtests/locustfile.py,loadtests/locust_metrics.py"
    options = ("--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "5m", "--host", mesh.url)
    process = subprocess.Popen(
        [Path(sys.executable).with_name("locust"), "-f", files, *options, "Buyer", "BookShopper"],
        cwd=ROOT,
        env=mesh.environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_no_panel_and_no_alert_is_empty(mesh: Mesh):
    missing = [*panel_queries(), *rule_queries()]
    assert len(missing) > 100
    give_up = time.monotonic() + FILLED_WITHIN_S
    address = f"{mesh.description['prometheus']}/api/v1"
    with locust(mesh), Traffic(mesh), httpx.Client(base_url=address, timeout=30) as client:
        prometheus = Prometheus(client)
        while missing and time.monotonic() < give_up:
            time.sleep(2)
            names = prometheus.names()
            missing = [
                query
                for query in missing
                if not prometheus.values(query.expression) or not metrics_of(query.expression) <= names
            ]
    assert not missing, "\n".join(map(str, missing))


def series_of(mesh: Mesh) -> dict[str, set[str]]:
    return {
        process["name"]: {
            line.rpartition(" ")[0]
            for line in httpx.get(process["metrics"], timeout=60).text.splitlines()
            if not line.startswith("#")
        }
        for process in mesh.description["processes"]
    }


def test_ids_make_no_series(mesh: Mesh):
    with closing(Traffic(mesh)) as traffic:
        for _ in range(3):
            traffic.round()
        before = series_of(mesh)
        for _ in range(10):
            traffic.round()
        after = series_of(mesh)
    for name, series in after.items():
        assert len(series) < MOST_SERIES_OF_A_PROCESS, name
        # Only statuses and queries that are rare, such as those of clean-up, may come late.
        assert len(series) - len(before[name]) < 200, (name, series - before[name])
    # The version of Python and its generations of objects are numbers, as ids of albums are.
    lines = {line for series in after.values() for line in series if not line.startswith("python_")}
    values = {value for line in lines for value in re.findall(r'"([^"]*)"', line)}
    assert values & traffic.ids == set()


def test_top_shows_every_service_once(mesh: Mesh):
    with Traffic(mesh):
        shown = json.loads(mesh.agora("mesh", "top", "--json", "--interval", "3").stdout)
        table = mesh.agora("mesh", "top", "--once", "--interval", "1")
    rows = {row["service"]: row for row in shown["services"]}
    assert rows["gateway"]["requests_per_s"] > 0
    assert 0 < rows["gateway"]["p50_s"] <= rows["gateway"]["p99_s"]
    assert all(row["ready"] == row["processes"] and row["rss_bytes"] > 0 for row in rows.values())
    assert 0 <= shown["cache_hit_ratio"] <= 1
    assert shown["stream_lag_s"] < 60
    assert table.returncode == 0
    assert all(service in table.stdout for service in rows)
