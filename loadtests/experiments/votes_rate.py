"""S4's third part: votes at a constant rate, and whether they are counted as fast as they are cast."""

from collections.abc import Sequence
from typing import Final

from loadtests.driver.load import Load
from loadtests.experiments.albums_cells import cell_of
from loadtests.experiments.albums_scripts import votes
from loadtests.experiments.albums_stock import check_votes, new_stock
from loadtests.experiments.in_turn import Contender
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.mesh import Mesh
from loadtests.experiments.results import Panel, Series, Table
from loadtests.experiments.vote_watch import Reading, VoteWatch, VoteWorker, periods_of, rates_of

VOTES_PER_S: Final = 400
_TEN_MINUTES_S: Final = 600.0
# A quick run shows as much as it gives to so many cells.
_CELLS: Final = 6
_CONNECTIONS: Final = 50
_PERIODS: Final = 10
_TITLE: Final = "Album store: votes cast and counted, at a constant rate"


def expected_s(extent: Extent) -> float:
    return min(_TEN_MINUTES_S, _CELLS * extent.seconds)


def measure_rate(lab: Lab, mesh: Mesh) -> None:
    seconds = expected_s(lab.extent)
    cell = cell_of("vote", _CONNECTIONS, "-open-loop")
    with lab.doing(f"{cell}, {VOTES_PER_S} votes a second", seconds):
        stock = new_stock(mesh)
        load = Load(mesh.address("rest"), votes(stock.albums, _CONNECTIONS), 0, seconds, VOTES_PER_S)
        contender = Contender(cell, load, mesh.tiers)
        with VoteWorker(mesh) as worker, VoteWatch(worker) as watch:
            outcome = contender.perform(lab)
        answered = len(outcome.latencies) - outcome.errors.total()
        counted = check_votes(lab, stock, outcome, answered)
    lab.results.runs.append(contender.result())
    lab.results.tables.append(_table(watch.readings, answered, counted))
    lab.results.series.append(_series(watch.readings))


def _table(readings: Sequence[Reading], answered: int, counted: int) -> Table:
    rows = [
        (
            f"{period.begin_s:.0f} to {period.end_s:.0f}",
            round(period.produced_per_s, 1),
            round(period.consumed_per_s, 1),
            round(period.mean_waiting, 1),
            round(period.most_waiting),
            round(period.oldest_s, 2),
        )
        for period in periods_of(readings, _PERIODS)
    ]
    return Table(
        _TITLE,
        ("seconds", "produced /s", "consumed /s", "lag, mean", "lag, most", "oldest, s"),
        rows,
        f"S4 wanted the rate of production close to that of consumption over ten minutes. {VOTES_PER_S} votes arrived "
        f"a second; {answered:,} were answered, and {counted:,} counted. Lag is the votes that wait when the worker "
        "looks at the stream, once a second; the oldest is the age of the one that waited longest. The plot shows "
        "rates of the last five seconds.",
    )


def _series(readings: Sequence[Reading]) -> Series:
    rates = rates_of(readings)
    return Series(
        "votes-rate",
        _TITLE,
        [round(rate.end_s, 2) for rate in rates],
        [
            Panel(
                "votes per second",
                {
                    "produced": [round(rate.produced_per_s, 1) for rate in rates],
                    "consumed": [round(rate.consumed_per_s, 1) for rate in rates],
                },
            ),
            Panel("votes that wait", {"lag": [reading.waiting for reading in readings[1:]]}),
        ],
    )
