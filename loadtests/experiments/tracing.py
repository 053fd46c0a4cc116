"""What tracing costs: the CPU of an operation with every trace sampled, with the default of 1 %, and with no collector.

Three meshes stand side by side and are asked in turn, each for a moment and every round in another order, so that
whatever else the machine does falls on all of them alike. Requests arrive at a fixed rate: how many of them travel
together, and so what one costs, would else follow from how fast the others are answered. What a round costs is compared
by medians, which a few bad moments do not move. Two meshes of one setting differ by some per cent for as long as they
live, so every run has new ones.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import grpc
import numpy as np

from loadtests.driver.load import Load, Script, Step
from loadtests.experiments.cpu import cpu_seconds
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import Mesh, MeshLauncher, MeshWish
from loadtests.experiments.requests import http_get, http_post
from loadtests.experiments.results import Table
from loadtests.experiments.shop import BOOKS, ShopKeeper

NAME: Final = "tracing"
OFF: Final = "off"
# The shares of traces that are sampled, and what each may cost at most.
BOUNDS: Final = {"0.01": 0.03, "1": 0.25}
# Arrivals a second, no more than a core or so can do.
_OPERATIONS: Final = {"lookup": 400.0, "buy": 80.0}
_CACHE: Final = "off"
_CONNECTIONS: Final = 10
_TURN_S: Final = 0.4
# A mesh that has just started costs more, and they did not start at the same time.
_WARM_UP_ROUNDS: Final = 2
_ROUNDS: Final = 7
# Of an extent with one run, which is in a hurry.
_QUICK_ROUNDS: Final = 3
_RESAMPLES: Final = 1000
_STOCK: Final = 1_000_000

# By setting, the CPU milliseconds of an operation in each round of each run.
Costs = Mapping[str, list[list[float]]]


def expected_s(extent: Extent) -> float:
    return extent.runs * ((1 + len(BOUNDS)) * MESH_S + len(_OPERATIONS) * _operation_s(extent))


def run(lab: Lab) -> None:
    costs: dict[str, Costs] = {operation: {name: [] for name in (OFF, *BOUNDS)} for operation in _OPERATIONS}
    for number in range(lab.extent.runs):
        with _meshes(lab, number) as meshes:
            for operation in _OPERATIONS:
                _measure(lab, meshes, operation, costs[operation])
    columns = ("operation", "off, CPU ms", *(f"{ratio} sampled, CPU ms (of {OFF})" for ratio in BOUNDS))
    bounds = ", ".join(f"{ratio} sampled at most {1 + bound:.2f}" for ratio, bound in BOUNDS.items())
    rates = " and ".join(f"{rate:.0f} {operation}s" for operation, rate in _OPERATIONS.items())
    rounds = f"{lab.extent.runs} x {_rounds(lab.extent)}"
    note = (
        f"Bounds: {bounds}. CPU of the whole mesh at {rates} a second: the median of {rounds} rounds. "
        "± is the standard error of the ratio, by drawing runs and rounds again from those."
    )
    rows = [(operation, *_cells(found)) for operation, found in costs.items()]
    lab.results.tables.append(Table("What tracing costs", columns, rows, note))


def _measure(lab: Lab, meshes: Mapping[str, Mesh], operation: str, costs: Costs) -> None:
    """Adds a run to `costs`."""
    scripts = tuple(_script(operation, number) for number in range(_CONNECTIONS))
    for rounds in costs.values():
        rounds.append([])
    with lab.doing(f"{NAME}: {operation}", _operation_s(lab.extent)):
        for number in range(_WARM_UP_ROUNDS + _rounds(lab.extent)):
            for name in np.roll(list(meshes), number):
                cost = _cost(lab, meshes[name], scripts, _OPERATIONS[operation])
                if number >= _WARM_UP_ROUNDS:
                    costs[name][-1].append(cost)


def _cost(lab: Lab, mesh: Mesh, scripts: tuple[Script, ...], arrivals_per_s: float) -> float:
    """The CPU milliseconds of an operation, within one turn. A mesh sends less than 1 % of its spans' cost later."""
    before = cpu_seconds(mesh.tiers)
    outcome = lab.drive(Load(mesh.address("rest"), scripts, lab.extent.operations, _TURN_S, arrivals_per_s))
    after = cpu_seconds(mesh.tiers)
    return (sum(after.values()) - sum(before.values())) * 1000 / len(outcome.latencies)


def _cells(costs: Costs) -> tuple[str, ...]:
    medians = {name: float(np.median(found)) for name, found in costs.items()}
    ratios = {name: f"{medians[name] / medians[OFF]:.3f} ± {_standard_error(costs, name):.3f}" for name in BOUNDS}
    return (f"{medians[OFF]:.3f}", *(f"{medians[name]:.3f} ({ratio})" for name, ratio in ratios.items()))


def _standard_error(costs: Costs, name: str) -> float:
    """Of the ratio of medians: how much it varies when runs, and rounds of them, are drawn again from what there is."""
    runs, rounds = np.shape(costs[OFF])
    draw = np.random.default_rng(0).integers
    which_runs = draw(runs, size=(_RESAMPLES, runs, 1))
    which_rounds = draw(rounds, size=(_RESAMPLES, runs, rounds))
    off, other = (np.median(np.asarray(costs[each])[which_runs, which_rounds], axis=(1, 2)) for each in (OFF, name))
    return float(np.std(other / off))


def _rounds(extent: Extent) -> int:
    return _ROUNDS if extent.runs > 1 else _QUICK_ROUNDS


def _operation_s(extent: Extent) -> float:
    return (_WARM_UP_ROUNDS + _rounds(extent)) * (1 + len(BOUNDS)) * _TURN_S


@contextmanager
def _meshes(lab: Lab, number: int) -> Iterator[Mapping[str, Mesh]]:
    """One of each setting, each run of them started in another order."""
    with _collector() as endpoint, ExitStack() as stack:
        told: dict[str, dict[str, str]] = {OFF: {}}
        for ratio in BOUNDS:
            told[ratio] = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": ratio}
        yield {name: _mesh(lab, stack, told[name]) for name in np.roll(list(told), number)}


def _mesh(lab: Lab, stack: ExitStack, variables: dict[str, str]) -> Mesh:
    directory = Path(stack.enter_context(TemporaryDirectory(prefix="agora-bench-", ignore_cleanup_errors=True)))
    launcher = stack.enter_context(MeshLauncher(directory / "mesh", 0, variables))
    with lab.doing(f"{NAME}: a mesh", MESH_S):
        mesh = launcher.mesh(MeshWish(_CACHE))
        asyncio.run(_stock(mesh))
    return mesh


async def _stock(mesh: Mesh) -> None:
    async with ShopKeeper(mesh.gateway) as keeper:
        await keeper.stock_books(mesh.operator_token, _STOCK)


def _script(operation: str, number: int) -> Script:
    books = BOOKS[number % len(BOOKS) :] + BOOKS[: number % len(BOOKS)]
    if operation == "lookup":
        return tuple(Step(http_get(f"/books/{book}"), b'"count"') for book in books)
    return tuple(Step(http_post(f"/books/{book}"), b'"Success"') for book in books)


@contextmanager
def _collector() -> Iterator[str]:
    """Takes spans and forgets them."""
    export: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": export}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(None)
