"""Locust's statistics for Prometheus, in seconds and buckets like the gateway's, so that both stand in one dashboard.

Read from what the runner has gathered, which in a distributed run is the master's sum over its workers.
"""

import json
import os
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from chassis.metrics import DURATION_BUCKETS

_LABELS: Final = ("method", "name")


class LocustStatistics(Collector):
    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def collect(self) -> Iterator[Metric]:
        runner = self._environment.runner
        users = GaugeMetricFamily("locust_users", "Users at work.", value=runner.user_count if runner else 0)
        requests = CounterMetricFamily("locust_requests", "Requests answered or failed.", labels=_LABELS)
        failures = CounterMetricFamily("locust_failures", "Those that failed.", labels=_LABELS)
        durations = HistogramMetricFamily(
            "locust_request_duration_seconds", "Time until the answer, as the user sees it.", labels=_LABELS
        )
        for entry in list(self._environment.stats.entries.values()):
            labels = (entry.method or "", entry.name)
            requests.add_metric(labels, entry.num_requests)
            failures.add_metric(labels, entry.num_failures)
            durations.add_metric(labels, _buckets(entry.response_times), entry.total_response_time / 1000)
        yield from (users, requests, failures, durations)


def _buckets(response_times: Mapping[int, int]) -> list[tuple[str, float]]:
    """How many answers took at most so long. Locust rounds its milliseconds, so the lowest buckets are rough."""
    counts = [0] * (len(DURATION_BUCKETS) + 1)
    for milliseconds, count in list(response_times.items()):
        counts[bisect_left(DURATION_BUCKETS, milliseconds / 1000)] += count
    return list(zip((*map(str, DURATION_BUCKETS), "+Inf"), accumulate(counts), strict=True))


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_option(parser: LocustArgumentParser) -> None:
    parser.add_argument("--metrics-port", type=int, metavar="PORT", help="Serve metrics for Prometheus here.")


@events.init.add_listener  # type: ignore[untyped-decorator]
def _serve(environment: Environment, **_: Any) -> None:
    """On the port that was asked for; on any, when the mesh on this machine has a Prometheus that can be told of it."""
    options = environment.parsed_options
    targets = Path(os.environ.get("AGORA_LOCAL_DIR", ".local")) / "prometheus" / "targets"
    if options is None or options.worker or (options.metrics_port is None and not targets.is_dir()):
        return
    REGISTRY.register(LocustStatistics(environment))
    server, _thread = start_http_server(options.metrics_port or 0)
    if targets.is_dir():
        target = targets / "locust.json"
        labels = {"job": "locust", "instance": "locust"}
        target.write_text(json.dumps([{"targets": [f"127.0.0.1:{server.server_port}"], "labels": labels}]))
        forget = environment.events.quitting.add_listener
        forget(lambda **_: target.unlink(missing_ok=True))  # type: ignore[no-untyped-call]
