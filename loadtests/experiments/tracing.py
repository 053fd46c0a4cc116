"""What tracing costs: the CPU of an operation with every trace sampled, with the default of 1 %, and without tracing.

Three meshes stand side by side and are asked in turn, a little at a time, so that whatever else the machine does falls
on all of them alike.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import grpc

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
_ROUNDS: Final = 12
_STOCK: Final = 1_000_000


def expected_s(extent: Extent) -> float:
    return 3 * MESH_S + len(_OPERATIONS) * _ROUNDS * 3 * _round_s(extent)


def run(lab: Lab) -> None:
    with _collector() as endpoint, ExitStack() as stack:
        meshes = {OFF: _mesh(lab, stack, {})}
        for ratio in BOUNDS:
            told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": ratio}
            meshes[ratio] = _mesh(lab, stack, told)
        rows = [_row(lab, meshes, operation) for operation in _OPERATIONS]
    columns = ("operation", "off, CPU ms", *(f"{ratio} sampled, CPU ms (of {OFF})" for ratio in BOUNDS))
    bounds = ", ".join(f"{ratio} sampled at most {1 + bound:.2f}" for ratio, bound in BOUNDS.items())
    lab.results.tables.append(Table("What tracing costs", columns, rows, f"Bounds: {bounds}."))


def _row(lab: Lab, meshes: dict[str, Mesh], operation: str) -> tuple[str, ...]:
    scripts = tuple(_script(operation, number) for number in range(_CLIENTS))
    spent, operations = dict.fromkeys(meshes, 0.0), dict.fromkeys(meshes, 0)
    with lab.doing(f"{NAME}: {operation}", _ROUNDS * len(meshes) * _round_s(lab.extent)):
        for number in range(_ROUNDS + 1):
            for name, mesh in meshes.items():
                before = cpu_seconds(mesh.tiers)
                outcome = lab.drive(Load(mesh.address("rest"), scripts, lab.extent.operations, _round_s(lab.extent)))
                after = cpu_seconds(mesh.tiers)
                if number:  # the first round is for warming up
                    spent[name] += sum(after.values()) - sum(before.values())
                    operations[name] += len(outcome.latencies)
    cost = {name: spent[name] * 1000 / operations[name] for name in meshes}
    return (operation, f"{cost[OFF]:.3f}", *(f"{cost[ratio]:.3f} ({cost[ratio] / cost[OFF]:.3f})" for ratio in BOUNDS))


def _round_s(extent: Extent) -> float:
    return min(extent.seconds, 1.5)


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
