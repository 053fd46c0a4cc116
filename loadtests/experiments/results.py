"""Results: the runs that `bench.json` holds, and tables and series of what has another shape."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from loadtests.driver.load import Outcome, Transport


@dataclass(frozen=True, slots=True)
class Cell:
    """What is measured: one operation, asked for in one way by so many clients."""

    experiment: str
    transport: Transport
    cache: str
    operation: str
    clients: int

    def __str__(self) -> str:
        return f"{self.experiment}: {self.operation}, {self.transport}, cache {self.cache}, {self.clients} clients"


@dataclass(frozen=True, slots=True)
class Run:
    """A measured cell. Its fields are those of `bench.json`, and their order too."""

    experiment: str
    transport: str
    cache: str
    operation: str
    clients: int
    operations: int
    runs: int
    throughput_per_s: float
    latency_ms: dict[str, float]
    tier_ms: dict[str, float]
    errors: int
    mesh_cpu_ms_per_operation: dict[str, float]
    # How much of a core the busiest driver used: near 1 it is the driver that was measured.
    driver_cpu_share: float
    # By percent of operations, the latency that so many stay below; for the plots.
    latency_distribution_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """`note` says how to read it."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines that share an axis: by name, a value for each moment of the series."""

    axis: str
    lines: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Series:
    """What changed in the course of an experiment, to be plotted below the table with the same title.

    `name` is that of the plot's file.
    """

    name: str
    title: str
    seconds: list[float]
    panels: list[Panel]


@dataclass(slots=True)
class Results:
    runs: list[Run] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


_PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100)


def run_of(cell: Cell, outcomes: Sequence[Outcome], cpu_ms: Mapping[str, float]) -> Run:
    """Throughput is the mean of the runs', as in the seeds; latencies are of all runs together."""
    latencies_ms = np.concatenate([np.asarray(outcome.latencies) for outcome in outcomes]) * 1000
    percentiles = dict(zip(_PERCENTILES, np.percentile(latencies_ms, _PERCENTILES).tolist(), strict=True))
    return Run(
        experiment=cell.experiment,
        transport=cell.transport,
        cache=cell.cache,
        operation=cell.operation,
        clients=cell.clients,
        operations=len(latencies_ms),
        runs=len(outcomes),
        throughput_per_s=round(fmean(outcome.throughput for outcome in outcomes), 1),
        latency_ms={
            "mean": round(float(latencies_ms.mean()), 3),
            **{f"p{percent}": round(percentiles[percent], 3) for percent in (50, 95, 99)},
        },
        tier_ms=_mean_tier_ms(outcomes),
        errors=sum(outcome.errors.total() for outcome in outcomes),
        mesh_cpu_ms_per_operation={tier: round(milliseconds, 4) for tier, milliseconds in cpu_ms.items()},
        driver_cpu_share=round(max(outcome.cpu_seconds / outcome.seconds for outcome in outcomes), 2),
        latency_distribution_ms={str(percent): round(value, 3) for percent, value in percentiles.items()},
    )


def _mean_tier_ms(outcomes: Sequence[Outcome]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for outcome in outcomes:
        for tier, milliseconds in outcome.tier_ms.items():
            sums[tier] = sums.get(tier, 0.0) + milliseconds
    answers = sum(outcome.tiers_read for outcome in outcomes)
    return {tier: round(total / answers, 3) for tier, total in sums.items()}
