"""What tracing costs: the CPU of an operation with every trace sampled, with the default of 1 %, and with no collector.

Three meshes stand side by side and are asked in turn, each for a moment and every round in another order, so that
whatever else the machine does falls on all of them alike. What a round costs is compared by medians, which a few bad
moments do not move.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
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
_OPERATIONS: Final = ("lookup", "buy")
_CACHE: Final = "off"
_CLIENTS: Final = 10
_TURN_S: Final = 0.4
_ROUNDS_OF_A_RUN: Final = 9
_WARM_UP_ROUNDS: Final = 2
_RESAMPLES: Final = 1000
_STOCK: Final = 1_000_000

# By setting, the CPU milliseconds of an operation in each round.
Costs = Mapping[str, Sequence[float]]


def expected_s(extent: Extent) -> float:
    return 3 * MESH_S + len(_OPERATIONS) * _operation_s(extent)


def run(lab: Lab) -> None:
    with _collector() as endpoint, ExitStack() as stack:
        meshes = {OFF: _mesh(lab, stack, {})}
        for ratio in BOUNDS:
            told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": ratio}
            meshes[ratio] = _mesh(lab, stack, told)
        rows = [(operation, *_cells(_costs(lab, meshes, operation))) for operation in _OPERATIONS]
    columns = ("operation", "off, CPU ms", *(f"{ratio} sampled, CPU ms (of {OFF})" for ratio in BOUNDS))
    bounds = ", ".join(f"{ratio} sampled at most {1 + bound:.2f}" for ratio, bound in BOUNDS.items())
    note = (
        f"Bounds: {bounds}. CPU is of the whole mesh, the median of {_rounds(lab.extent)} rounds with {_CLIENTS} "
        f"clients; ± is the standard error of the ratio, by drawing from those rounds again."
    )
    lab.results.tables.append(Table("What tracing costs", columns, rows, note))


def _costs(lab: Lab, meshes: Mapping[str, Mesh], operation: str) -> Costs:
    scripts = tuple(_script(operation, number) for number in range(_CLIENTS))
    costs: dict[str, list[float]] = {name: [] for name in meshes}
    with lab.doing(f"{NAME}: {operation}", _operation_s(lab.extent)):
        for number in range(_WARM_UP_ROUNDS + _rounds(lab.extent)):
            for name in np.roll(list(meshes), number):
                cost = _cost(lab, meshes[name], scripts)
                if number >= _WARM_UP_ROUNDS:
                    costs[name].append(cost)
    return costs


def _cost(lab: Lab, mesh: Mesh, scripts: tuple[Script, ...]) -> float:
    """The CPU milliseconds of an operation, within one turn. A mesh sends less than 1 % of its spans' cost later."""
    before = cpu_seconds(mesh.tiers)
    outcome = lab.drive(Load(mesh.address("rest"), scripts, lab.extent.operations, _TURN_S))
    after = cpu_seconds(mesh.tiers)
    return (sum(after.values()) - sum(before.values())) * 1000 / len(outcome.latencies)


def _cells(costs: Costs) -> tuple[str, ...]:
    medians = {name: float(np.median(rounds)) for name, rounds in costs.items()}
    return (
        f"{medians[OFF]:.3f}",
        *(
            f"{medians[ratio]:.3f} ({medians[ratio] / medians[OFF]:.3f} ± {_standard_error(costs, ratio):.3f})"
            for ratio in BOUNDS
        ),
    )


def _standard_error(costs: Costs, name: str) -> float:
    """Of the ratio of the medians: how much it varies when the rounds are drawn again from those there were."""
    rounds = len(costs[OFF])
    drawn = np.random.default_rng(0).integers(rounds, size=(_RESAMPLES, rounds))
    medians = {setting: np.median(np.asarray(costs[setting])[drawn], axis=1) for setting in (OFF, name)}
    return float(np.std(medians[name] / medians[OFF]))


def _rounds(extent: Extent) -> int:
    return _ROUNDS_OF_A_RUN * extent.runs


def _operation_s(extent: Extent) -> float:
    return (_WARM_UP_ROUNDS + _rounds(extent)) * (1 + len(BOUNDS)) * _TURN_S


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
