"""S4's first two parts: 600,000 requests by groups of threads, and two servers against one."""

from contextlib import ExitStack
from typing import Final

from loadtests.driver.load import Load
from loadtests.experiments.albums_cells import NAME, cell_of
from loadtests.experiments.albums_scripts import REQUESTS_A_ROUND, VOTES_A_ROUND, rounds
from loadtests.experiments.albums_stock import check_votes, new_stock
from loadtests.experiments.cpu_quota import NoQuota, limited
from loadtests.experiments.in_turn import Contender, measure_in_turn, turn_s, turns_s
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.mesh import Mesh, http_address
from loadtests.experiments.results import Run, Table
from loadtests.report import seeds

ROUND: Final = "upload, show, like, like, dislike"
GROUPS: Final = 30
THREADS: Final = 10
_NO_LIMIT_S: Final = 3600.0
# A run that may take seconds only is of one group, whose threads do so many requests a second, roughly.
_QUICK_BELOW_S: Final = 60.0
_QUICK_REQUESTS_PER_S: Final = 150
_LIKELY_THROUGHPUT: Final = 1200.0

# Little enough that the servers are what is short, as in the seed, and not the cores that everything here shares.
SERVER_CORES: Final = 0.3
SERVERS: Final = 2
_SERVER_CLIENTS: Final = 40


def expected_s(extent: Extent) -> float:
    groups, requests = extent_of(extent)
    return groups * THREADS * requests / _LIKELY_THROUGHPUT + turns_s(extent, SERVERS)


def measure_groups(lab: Lab, mesh: Mesh) -> None:
    """The first part."""
    groups, requests = extent_of(lab.extent)
    clients = groups * THREADS
    cell = cell_of(ROUND, clients)
    with lab.doing(str(cell), clients * requests / _LIKELY_THROUGHPUT):
        stock = new_stock(mesh)
        load = Load(mesh.address("rest"), rounds(stock.albums, clients), requests, _NO_LIMIT_S)
        contender = Contender(cell, load, mesh.tiers)
        outcome = contender.perform(lab)
        counted = check_votes(lab, stock, outcome, clients * (requests // REQUESTS_A_ROUND) * VOTES_A_ROUND)
    run = contender.result()
    lab.results.runs.append(run)
    lab.results.tables.append(_groups_table(run, requests, counted))


def measure_servers(lab: Lab, mesh: Mesh) -> None:
    """The second part. The mesh has two gateways, and the clients are dealt out over one or both of them."""
    first, *others = (http_address(gateway) for gateway in mesh.gateways)
    scripts = rounds(new_stock(mesh).albums, _SERVER_CLIENTS)
    contenders = [
        Contender(
            cell_of(f"{ROUND}; gateways: {1 + len(balanced)}", _SERVER_CLIENTS, "-servers"),
            Load(first, scripts, lab.extent.operations, turn_s(lab.extent), others=balanced),
            mesh.tiers,
        )
        for balanced in ((), tuple(others))
    ]
    with ExitStack() as stack:
        limit = _limit(stack, mesh)
        stack.enter_context(lab.doing(f"{NAME}: one gateway, and {SERVERS}", turns_s(lab.extent, SERVERS)))
        one, two = measure_in_turn(lab, contenders)
    lab.results.tables.append(_servers_table(one, two, limit))


def _limit(stack: ExitStack, mesh: Mesh) -> str:
    """Says what the gateways are limited to until the stack unwinds."""
    gateways = [pid for pid, tier in mesh.tiers.items() if tier == "gateway"]
    try:
        stack.enter_context(limited(gateways, SERVER_CORES))
    except NoQuota as refused:
        return f"No gateway was limited in CPU ({refused}), so that both shared the cores with everything else."
    return f"Each gateway could use {SERVER_CORES} of a core, and everything else as much as there was."


def extent_of(extent: Extent) -> tuple[int, int]:
    """Groups, and the requests of each of their threads, in whole rounds."""
    is_quick = extent.seconds < _QUICK_BELOW_S
    groups, requests = (1, extent.seconds * _QUICK_REQUESTS_PER_S) if is_quick else (GROUPS, 2 * extent.operations)
    return groups, max(1, int(requests) // REQUESTS_A_ROUND) * REQUESTS_A_ROUND


def _groups_table(run: Run, requests: int, counted: int) -> Table:
    rows: list[tuple[str | float, ...]] = [
        ("requests", seeds.ALBUM_REQUESTS, run.operations),
        ("requests of a thread", seeds.ALBUM_REQUESTS_OF_A_THREAD, requests),
        ("requests per second", seeds.ALBUM_REQUESTS_PER_S, run.throughput_per_s),
        ("errors", "", run.errors),
        ("votes counted in the end", "", counted),
    ]
    note = (
        f"Each of the {run.clients} threads repeats: {ROUND}. S4 saw more than the figure given. A vote that was "
        "answered and not counted is an error."
    )
    return Table("Album store: requests by groups of threads", ("", "S4", "Agora"), rows, note)


def _servers_table(one: Run, two: Run, limit: str) -> Table:
    rows: list[tuple[str | float, ...]] = [
        (servers, run.throughput_per_s, run.latency_ms["mean"], run.latency_ms["p99"])
        for servers, run in (("one gateway", one), ("two gateways", two))
    ]
    rows.append(("ratio", round(two.throughput_per_s / one.throughput_per_s, 2), "", ""))
    rows.append(("ratio, S4", seeds.SECOND_SERVER, "", ""))
    note = f"{one.clients} clients, dealt out evenly; a short run of each in turn. {limit}"
    return Table("Album store: one server and two", ("", "requests per second", "mean ms", "p99 ms"), rows, note)
