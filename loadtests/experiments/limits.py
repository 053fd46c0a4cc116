"""How near the mesh is to what the machine can do: look-ups beside two programs that leave the shop out."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from loadtests.driver.load import Address, Load, Script, Step
from loadtests.experiments.in_turn import Contender, measure_in_turn, turn_s, turns_s
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import Mesh, MeshWish, http_address
from loadtests.experiments.requests import http_get
from loadtests.experiments.results import Cell, Run, Table
from localmesh.errors import MeshError
from localmesh.ports import HOST, is_free

NAME: Final = "limits"
CLIENTS: Final = (1, 10, 100)
DO_NOTHING: Final = "a route that does nothing"
CACHED: Final = "look-up, in the gateway's cache"
ROW: Final = "FastAPI, grpc.aio, asyncpg"
UNCACHED: Final = "look-up of random items, no cache"
# As many processes as the bare chain has: one that waits for its turn with another has colder caches.
_REPLICAS: Final = "catalog=1"
_PORTS: Final = range(16_800, 16_990)
_WITHIN_S: Final = 20.0
# Sample items; the first of them are the ones that are in the cache.
_ITEMS: Final = range(1000, 10_000)
_CACHED_ITEMS: Final = 50
_STEPS: Final = 100


def expected_s(extent: Extent) -> float:
    return 2 * MESH_S + 2 * len(CLIENTS) * turns_s(extent, 2)


def run(lab: Lab) -> None:
    runs: dict[tuple[str, int], Run] = {}
    mesh = lab.mesh(MeshWish("off", replicas=_REPLICAS))
    with _row_programs(mesh) as (url, tiers):
        for clients in CLIENTS:
            scripts = _scripts(clients, _ITEMS)
            runs[ROW, clients], runs[UNCACHED, clients] = _measure_in_turn(
                lab,
                Contender(_cell(ROW, "off", clients), _load(lab, http_address(url), scripts), tiers),
                Contender(_cell(UNCACHED, "off", clients), _load(lab, mesh.address("rest"), scripts), mesh.tiers),
            )
    mesh = lab.mesh(MeshWish("tiered", replicas=_REPLICAS))
    with program("do_nothing") as (url, pid):
        for clients in CLIENTS:
            scripts = _scripts(clients, _ITEMS[:_CACHED_ITEMS])
            _fill_cache(lab, mesh)
            nothing = _load(lab, http_address(url), scripts)
            runs[DO_NOTHING, clients], runs[CACHED, clients] = _measure_in_turn(
                lab,
                Contender(_cell(DO_NOTHING, "off", clients), nothing, {pid: "reference"}),
                Contender(_cell(CACHED, "tiered", clients), _load(lab, mesh.address("rest"), scripts), mesh.tiers),
            )
    lab.results.tables.append(_table(runs))


def _measure_in_turn(lab: Lab, reference: Contender, ours: Contender) -> list[Run]:
    with lab.doing(f"{reference.cell}; {ours.cell}", turns_s(lab.extent, 2)):
        return measure_in_turn(lab, [reference, ours])


def _cell(operation: str, cache: str, clients: int) -> Cell:
    return Cell(NAME, "rest", cache, operation, clients)


def _load(lab: Lab, address: Address, scripts: tuple[Script, ...]) -> Load:
    return Load(address, scripts, lab.extent.operations, turn_s(lab.extent))


def _scripts(clients: int, items: range) -> tuple[Script, ...]:
    return tuple(
        tuple(
            Step(http_get(f"/v1/items/{item}"), b'"%d"' % item)
            for item in random.Random(client).choices(items, k=_STEPS)  # noqa: S311 - the same each time
        )
        for client in range(clients)
    )


def _fill_cache(lab: Lab, mesh: Mesh) -> None:
    """Several times, since the first fills the shared tier and the next the local one."""
    script = tuple(Step(http_get(f"/v1/items/{item}"), b'"%d"' % item) for item in _ITEMS[:_CACHED_ITEMS])
    lab.drive(Load(mesh.address("rest"), (script,), 5 * _CACHED_ITEMS, _WITHIN_S))


@contextmanager
def _row_programs(mesh: Mesh) -> Iterator[tuple[str, dict[int, str]]]:
    """Its CPU is that of both programs and of the mesh's PostgreSQL."""
    catalog = urlunsplit(urlsplit(mesh.postgres)._replace(path="/catalog"))
    postgres = {pid: tier for pid, tier in mesh.tiers.items() if tier == "postgres"}
    with (
        program("row_server", DATABASE_URL=catalog) as (server, server_pid),
        program("row_gateway", server.rpartition(":")[2]) as (url, gateway_pid),
    ):
        yield url, {server_pid: "reference", gateway_pid: "reference"} | postgres


@contextmanager
def program(name: str, *arguments: str, **variables: str) -> Iterator[tuple[str, int]]:
    """The URL and the pid of a reference program while the block runs."""
    port = next(filter(is_free, _PORTS))
    command = [sys.executable, "-m", f"loadtests.limits.{name}", str(port), *arguments]
    with subprocess.Popen(command, env=os.environ | variables) as process:  # noqa: S603 - our own program
        try:
            _wait_until_it_listens(process, name, port)
            yield f"http://{HOST}:{port}", process.pid
        finally:
            process.terminate()


def _wait_until_it_listens(process: "subprocess.Popen[bytes]", name: str, port: int) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not _is_listening(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise MeshError(f"loadtests.limits.{name} does not listen")
        time.sleep(0.05)


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), _WITHIN_S).close()
    except ConnectionRefusedError:
        return False
    return True


def _table(runs: dict[tuple[str, int], Run]) -> Table:
    def throughput_ratio(ours: str, reference: str, clients: int) -> float:
        return round(runs[ours, clients].throughput_per_s / runs[reference, clients].throughput_per_s, 2)

    def latency_ratio(ours: str, reference: str) -> float:
        return round(runs[ours, 1].latency_ms["mean"] / runs[reference, 1].latency_ms["mean"], 2)

    rows: list[tuple[str | float, ...]] = [
        ("throughput, cached over doing nothing", 10, throughput_ratio(CACHED, DO_NOTHING, 10), "at least 0.6"),
        ("throughput, cached over doing nothing", 100, throughput_ratio(CACHED, DO_NOTHING, 100), "at least 0.6"),
        ("latency, cached over doing nothing", 1, latency_ratio(CACHED, DO_NOTHING), "at most 1.5"),
        ("throughput, no cache over the bare chain", 10, throughput_ratio(UNCACHED, ROW, 10), "at least 1.7"),
        ("throughput, no cache over the bare chain", 100, throughput_ratio(UNCACHED, ROW, 100), "at least 2.2"),
        ("latency, no cache over the bare chain", 1, latency_ratio(UNCACHED, ROW), "at most 1.3"),
    ]
    note = (
        f"The bare chain is {ROW}, one call and one query a request; what does nothing is a FastAPI route. "
        "The mesh has one catalog, as the chain has one server."
    )
    return Table("Look-ups beside what the machine can do", ("ratio", "clients", "found", "aim"), rows, note)
