"""S4's fourth part: counts that many threads read. And how near votes and reads of counts are to a route that does
nothing.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from loadtests.driver.fleet import Fleet
from loadtests.driver.load import Load, Script, Step
from loadtests.experiments.albums_cells import cell_of
from loadtests.experiments.albums_scripts import reads_of_counts, votes
from loadtests.experiments.albums_stock import Stock, new_stock
from loadtests.experiments.in_turn import Contender, measure_in_turn, turn_s, turns_s
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.limits import DO_NOTHING, program
from loadtests.experiments.mesh import Mesh, http_address
from loadtests.experiments.requests import http_get
from loadtests.experiments.results import Run, Table

CLIENTS: Final = (10, 100)
VOTE: Final = "vote"
READ: Final = "read counts"
READ_BESIDE_VOTES: Final = "read counts while votes come"
# Of the throughput of doing nothing.
AIMS: Final = {VOTE: 0.4, READ: 0.6}
VOTES_PER_S: Final = 200
_VOTERS: Final = 20
_PERCENTS: Final = ("50", "90", "99", "99.9", "100")
# Doing nothing comes before each of the two others.
_IN_TURN: Final = 4
_REFERENCE: Final = "reference"
_READS_UNTIL_KNOWN: Final = 5
_KNOWN_WITHIN_S: Final = 20.0
# A driver that has just been started takes a moment; and its votes should not end before the reads.
_AWAKE_S: Final = 0.1
_LONGER: Final = 1.2


def expected_s(extent: Extent) -> float:
    return len(CLIENTS) * turns_s(extent, _IN_TURN) + turns_s(extent, 1)


def measure_reads(lab: Lab, mesh: Mesh) -> None:
    # Votes take the copies of counts away, and a turn would begin with getting them back; that is the last run's part.
    voted, quiet = _known_stock(lab, mesh), _known_stock(lab, mesh)
    runs: list[Run] = []
    with program("do_nothing") as (url, pid):
        for clients in CLIENTS:
            nothing = _doing_nothing(lab, url, pid, clients)
            vote = _contender(lab, VOTE, voted, votes(voted.albums, clients))
            read = _contender(lab, READ, quiet, reads_of_counts(quiet.albums, clients))
            with lab.doing(f"{DO_NOTHING}, {VOTE}, {READ}: {clients} clients", turns_s(lab.extent, _IN_TURN)):
                runs += measure_in_turn(lab, [nothing, vote, nothing, read])
    runs.append(_measure_beside_votes(lab, voted))
    lab.results.tables += [_latencies(runs), _ratios(runs)]


def _known_stock(lab: Lab, mesh: Mesh) -> Stock:
    """Albums whose profiles and counts the gateway knows: first reads fill the shared tier, later ones the local."""
    stock = new_stock(mesh)
    script = reads_of_counts(stock.albums, 1)
    lab.drive(Load(mesh.address("rest"), script, _READS_UNTIL_KNOWN * len(stock.albums), _KNOWN_WITHIN_S))
    return stock


def _measure_beside_votes(lab: Lab, stock: Stock) -> Run:
    """Ten times a second the copies of the counts are taken away, so that reads have to miss."""
    read = _contender(lab, READ_BESIDE_VOTES, stock, reads_of_counts(stock.albums, CLIENTS[-1]))
    seconds = turns_s(lab.extent, 1)
    awake = Load(read.load.address, votes(stock.albums, _VOTERS), 0, _AWAKE_S, VOTES_PER_S)
    with lab.doing(str(read.cell), seconds), Fleet(1) as voters, ThreadPoolExecutor(1) as beside:
        voters.run(awake)
        outcome = beside.submit(voters.run, replace(awake, seconds=_LONGER * seconds))
        (run,) = measure_in_turn(lab, [read])
        lab.results.errors.update(outcome.result().errors)
    return run


def _contender(lab: Lab, operation: str, stock: Stock, scripts: tuple[Script, ...]) -> Contender:
    load = Load(stock.mesh.address("rest"), scripts, lab.extent.operations, turn_s(lab.extent))
    return Contender(cell_of(operation, len(scripts)), load, stock.mesh.tiers)


def _doing_nothing(lab: Lab, url: str, pid: int, clients: int) -> Contender:
    script = (Step(http_get("/v1/items/1"), b'"1"'),)
    load = Load(http_address(url), (script,) * clients, lab.extent.operations, turn_s(lab.extent))
    return Contender(replace(cell_of(DO_NOTHING, clients), cache="off"), load, {pid: _REFERENCE})


def _latencies(runs: Sequence[Run]) -> Table:
    rows = [
        (
            run.operation,
            run.clients,
            run.throughput_per_s,
            *(round(run.latency_distribution_ms[percent], 2) for percent in _PERCENTS),
        )
        for run in runs
        if run.operation in {READ, READ_BESIDE_VOTES}
    ]
    columns = ("", "threads", "per s", *(f"{percent} %" for percent in _PERCENTS))
    note = (
        "Milliseconds within which so many percent of the reads were answered; in S4 the best response time counts. "
        f"While votes come, {VOTES_PER_S} a second on the same albums, copies of the counts are taken away ten times a "
        "second."
    )
    return Table("Album store: counts read by many threads", columns, rows, note)


def _ratios(runs: Sequence[Run]) -> Table:
    by_cell = {(run.operation, run.clients): run for run in runs}
    rows = []
    for operation, aim in AIMS.items():
        for clients in CLIENTS:
            ours, nothing = by_cell[operation, clients], by_cell[DO_NOTHING, clients]
            ratio = round(ours.throughput_per_s / nothing.throughput_per_s, 2)
            cpu_ms = ours.mesh_cpu_ms_per_operation["gateway"], nothing.mesh_cpu_ms_per_operation[_REFERENCE]
            rows.append((operation, clients, ratio, f"at least {aim}", *cpu_ms))
    return Table(
        "Album store: votes and counts beside doing nothing",
        ("", "clients", "throughput over doing nothing", "aim", "gateway, CPU ms", "doing nothing, CPU ms"),
        rows,
        "What does nothing is a FastAPI route, measured in turn with them. A vote is answered when it is on disk.",
    )
