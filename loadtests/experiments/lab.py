"""Where experiments are made: a mesh as they wish it, drivers, a clock for the CPU, and a bar that tells how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from loadtests.driver.fleet import Fleet
from loadtests.driver.load import Address, Load, Script
from loadtests.experiments.cpu import cpu_ms_per_operation, cpu_seconds
from loadtests.experiments.mesh import Mesh, MeshLauncher, MeshWish
from loadtests.experiments.progress import Progress
from loadtests.experiments.results import Cell, Results, run_of

# Connections, pools and caches settle before what counts.
_WARM_UP_OPERATIONS: Final = 20
_WARM_UP_S: Final = 0.3
_NO_LIMIT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: the seeds' own extent, or one that fits into two minutes."""

    operations: int
    runs: int
    seconds: float
    is_quick: bool


SEEDS: Final = Extent(operations=1000, runs=10, seconds=_NO_LIMIT_S, is_quick=False)
QUICK: Final = Extent(operations=1000, runs=1, seconds=0.8, is_quick=True)

Measure = Callable[[], None]


class Lab:
    def __init__(self, launcher: MeshLauncher, fleet: Fleet, drivers: int, extent: Extent, progress: Progress) -> None:
        self._launcher = launcher
        self._fleet = fleet
        self._drivers = drivers
        self._progress = progress
        self.extent = extent
        self.results = Results()

    def mesh(self, wish: MeshWish) -> Mesh:
        with self._progress.doing(f"a mesh with cache {wish.cache}"):
            return self._launcher.mesh(wish)

    def doing(self, what: str) -> "Progress.Doing":
        return self._progress.doing(what)

    def measure(
        self,
        cell: Cell,
        address: Address,
        scripts: tuple[Script, ...],
        tiers: dict[int, str],
        *,
        arrivals_per_s: float | None = None,
    ) -> None:
        """Put a cell's load on `address`, and its run into the results."""
        extent = self.extent
        with self._progress.doing(f"{cell.operation}, {cell.transport}, {cell.clients} clients, cache {cell.cache}"):
            self._fleet.run(Load(address, scripts, _WARM_UP_OPERATIONS, _WARM_UP_S))
            seconds = extent.seconds if arrivals_per_s is None else min(extent.seconds * 2, 20.0)
            load = Load(address, scripts, extent.operations, seconds, arrivals_per_s)
            before = cpu_seconds(tiers)
            outcomes = [self._fleet.run(load) for _ in range(extent.runs)]
            after = cpu_seconds(tiers)
        operations = sum(len(outcome.latencies) for outcome in outcomes)
        cpu_ms = cpu_ms_per_operation(before, after, operations)
        self.results.runs.append(run_of(cell, outcomes, cpu_ms, min(self._drivers, cell.clients)))
        for outcome in outcomes:
            self.results.errors.update(outcome.errors)
