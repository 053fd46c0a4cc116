"""Instruments for what happens on every call: to observe is one call of ours, where prometheus_client makes a dozen.

Its own are made for threads and for many processes with one registry. A process of ours works in one thread, and what
that thread wrote is read by another when somebody scrapes.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import Exemplar, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

_INFINITY: Final = float("inf")


class Observations:
    """What was observed under one set of labels."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._exemplars: list[Exemplar | None] = [None] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, exemplar: dict[str, str] | None = None) -> None:
        """`exemplar` is what leads from the bucket to the trace of this value."""
        bucket = bisect_left(self._bounds, value)
        self._counts[bucket] += 1
        self._sum += value
        if exemplar is not None:
            self._exemplars[bucket] = Exemplar(exemplar, value, time.time())

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        bounds = map(floatToGoString, (*self._bounds, _INFINITY))
        buckets = [
            (bound, count) if exemplar is None else (bound, count, exemplar)
            for bound, count, exemplar in zip(bounds, accumulate(self._counts), self._exemplars, strict=True)
        ]
        family.add_metric(labels, buckets, self._sum)


class Histogram(Collector):
    """As prometheus_client's, with labels by position. One without labels observes by itself."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> None:
        self._name = name
        self._documentation = documentation
        self._label_names = labels
        self._bounds = tuple(map(float, buckets))
        self._observations: dict[tuple[str, ...], Observations] = {}
        if not labels:
            self.observe = self.labels().observe
        REGISTRY.register(self)

    def labels(self, *values: object) -> Observations:
        key = tuple(map(str, values))
        assert len(key) == len(self._label_names)
        if key not in self._observations:
            self._observations[key] = Observations(self._bounds)
        return self._observations[key]

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._label_names)
        # Copied, since the next call may bring new labels meanwhile.
        for key, observations in list(self._observations.items()):
            observations.add_to(family, key)
        yield family


class Level:
    """A gauge that is changed by `level.value += 1`, and read when it is asked for."""

    def __init__(self, name: str, documentation: str) -> None:
        self.value = 0
        Gauge(name, documentation).set_function(lambda: self.value)
