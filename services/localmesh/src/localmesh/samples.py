"""What the processes of a mesh count, read twice: rates, errors and quantiles of the time between."""

import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from math import inf

from prometheus_client.parser import text_string_to_metric_families

ANSWER_WITHIN_SECONDS = 2.0
FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
DURATIONS = ("http_server_request_duration_seconds", "rpc_server_call_duration_seconds")

Labels = Mapping[str, str]
Series = tuple[str, frozenset[tuple[str, str]]]


class Samples:
    """The values of one or more processes, added up."""

    def __init__(self, values: Mapping[Series, float]) -> None:
        self.values = values

    @classmethod
    def read(cls, urls: Iterable[str]) -> "Samples":
        """A process that does not answer counts nothing."""
        total: dict[Series, float] = defaultdict(float)
        with ThreadPoolExecutor() as threads:
            for values in threads.map(_read, urls):
                for series, value in values.items():
                    total[series] += value
        return cls(total)

    def since(self, earlier: "Samples") -> "Samples":
        """What was added; nothing where a restart began to count anew."""
        before = earlier.values
        return Samples({series: max(0.0, value - before.get(series, 0.0)) for series, value in self.values.items()})

    def total(self, name: str, chosen: Callable[[Labels], bool] = lambda _: True) -> float:
        return sum(value for (found, labels), value in self.values.items() if found == name and chosen(dict(labels)))

    def highest(self, name: str) -> float | None:
        return max((value for (found, _), value in self.values.items() if found == name), default=None)

    @property
    def requests(self) -> float:
        return sum(self.total(f"{name}_count") for name in DURATIONS)

    @property
    def failures(self) -> float:
        return sum(self.total(f"{name}_count", _has_failed) for name in DURATIONS)

    @property
    def hit_ratio(self) -> float | None:
        lookups = self.total("agora_cache_lookups_total")
        hits = self.total("agora_cache_lookups_total", lambda labels: labels["outcome"] in {"local", "shared"})
        return hits / lookups if lookups else None

    def duration(self, quantile: float) -> float | None:
        """In seconds, by the same reckoning as Prometheus' ``histogram_quantile``."""
        buckets: dict[float, float] = defaultdict(float)
        for (name, labels), value in self.values.items():
            if name.removesuffix("_bucket") in DURATIONS and name.endswith("_bucket"):
                buckets[float(dict(labels)["le"])] += value
        return _quantile(sorted(buckets.items()), quantile)


def _quantile(buckets: list[tuple[float, float]], quantile: float) -> float | None:
    if not buckets or not buckets[-1][1]:
        return None
    rank = quantile * buckets[-1][1]
    for (low, below), (high, reached) in pairwise([(0.0, 0.0), *buckets]):
        if reached >= rank:
            return low if high == inf else low + (high - low) * (rank - below) / (reached - below)
    raise AssertionError("the last bucket holds them all")


def _has_failed(labels: Labels) -> bool:
    status = labels.get("http_response_status_code", "")
    return status.startswith("5") or labels.get("rpc_response_status_code") in FAULTS


def _read(url: str) -> dict[Series, float]:
    text = ""
    with suppress(OSError), urllib.request.urlopen(url, timeout=ANSWER_WITHIN_SECONDS) as answer:  # noqa: S310 - our own
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
