"""Where experiments are made: a mesh as they wish it, drivers, CPU clocks, and a bar that tells how far it is."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from loadtests.driver.fleet import Fleet
from loadtests.driver.load import Address, Load, Outcome, Script
from loadtests.experiments.cpu import cpu_ms_per_operation, cpu_seconds
from loadtests.experiments.mesh import Mesh, MeshLauncher, MeshWish
from loadtests.experiments.progress import Progress
from loadtests.experiments.results import Cell, Results, Run, run_of

# Connections, pools and caches settle before what counts.
_WARM_UP_OPERATIONS: Final = 20
_WARM_UP_S: Final = 0.2
_NO_LIMIT_S: Final = 3600.0
# What two cores do, roughly; good enough to tell how long is left.
_LIKELY_THROUGHPUT: Final = {1: 600.0, 10: 1800.0}
_MOST_LIKELY_THROUGHPUT: Final = 2500.0


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: as much as the seeds did, or as much as fits into two minutes."""

    operations: int
    runs: int
    seconds: float
    # Of the two experiments that count other things than operations.
    hit_miss_rounds: int
    staleness_s: float

    def expected_s(self, clients: int) -> float:
        """How long measuring a cell takes."""
        throughput = _LIKELY_THROUGHPUT.get(clients, _MOST_LIKELY_THROUGHPUT)
        return _WARM_UP_S + self.runs * min(self.seconds, self.operations * clients / throughput)


SEEDS: Final = Extent(operations=1000, runs=10, seconds=_NO_LIMIT_S, hit_miss_rounds=200, staleness_s=200.0)
QUICK: Final = Extent(operations=1000, runs=1, seconds=0.5, hit_miss_rounds=25, staleness_s=4.0)
MESH_S: Final = 5.0
_OPEN_LOOP_S: Final = 5.0


class Lab:
    """`results` fills while experiments run."""

    def __init__(
        self, launcher: MeshLauncher, fleet: Fleet, extent: Extent, progress: Progress, results: Results
    ) -> None:
        self._launcher = launcher
        self._fleet = fleet
        self._progress = progress
        self.extent = extent
        self.results = results

    def mesh(self, wish: MeshWish) -> Mesh:
        with self.doing(f"a mesh with cache {wish.cache}", MESH_S):
            return self._launcher.mesh(wish)

    def kill(self, name: str) -> None:
        """A process of the mesh that runs now; it comes back by itself."""
        self._launcher.kill(name)

    def doing(self, what: str, expected_s: float) -> AbstractContextManager[None]:
        return self._progress.doing(what, expected_s)

    def drive(self, load: Load) -> Outcome:
        """Put a load on the shop that is no measurement of a cell; its errors count all the same."""
        outcome = self._fleet.run(load)
        self.results.errors.update(outcome.errors)
        return outcome

    def measure(self, cell: Cell, mesh: Mesh, scripts: tuple[Script, ...], arrivals_per_s: float | None = None) -> Run:
        """Put a cell's load on the mesh. Its run is added to the results."""
        return self.measure_at(cell, mesh.address(cell.transport), mesh.tiers, scripts, arrivals_per_s)

    def measure_at(
        self,
        cell: Cell,
        address: Address,
        tiers: Mapping[int, str],
        scripts: tuple[Script, ...],
        arrivals_per_s: float | None = None,
    ) -> Run:
        """As `measure`, of any program whose processes are `tiers`."""
        extent = self.extent
        with self.doing(str(cell), extent.expected_s(cell.clients)):
            self.drive(Load(address, scripts, _WARM_UP_OPERATIONS, _WARM_UP_S))
            seconds = extent.seconds if arrivals_per_s is None else min(extent.seconds, _OPEN_LOOP_S)
            load = Load(address, scripts, extent.operations, seconds, arrivals_per_s)
            before = cpu_seconds(tiers)
            outcomes = [self.drive(load) for _ in range(extent.runs)]
            after = cpu_seconds(tiers)
        operations = sum(len(outcome.latencies) for outcome in outcomes)
        run = run_of(cell, outcomes, cpu_ms_per_operation(before, after, operations))
        self.results.runs.append(run)
        return run
