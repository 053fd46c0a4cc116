"""A whole mesh from start to stop, inside the one process that supervises all others."""

import asyncio
import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from typing import Any

from localmesh import logs
from localmesh.control import serve_control
from localmesh.errors import StartupError
from localmesh.health import unreachable_from
from localmesh.leftovers import end_leftovers
from localmesh.links import Links
from localmesh.plan import GATEWAY, MONOLITH, Wish
from localmesh.ports import HOST, PortBlock, holder_of, is_free
from localmesh.preparation import Preparation
from localmesh.process import ASK_UNREADY_EVERY_SECONDS, READY_WITHIN_SECONDS, Program
from localmesh.programs import prometheus_program, replica_program, store_programs
from localmesh.progress import Progress
from localmesh.prometheus import Prometheus
from localmesh.replicas import Environments, Replica, lay_out
from localmesh.state import StateDirectory
from localmesh.stores import Stores
from localmesh.supervisor import Supervisor

BOUND_LOGS_EVERY_SECONDS = 5.0


def run_mesh(wish: Wish, state: StateDirectory, progress: Progress) -> None:
    """Returns when the mesh was told to stop and has stopped; raises MeshError when it never got ready."""
    with state.claimed(), ExitStack() as cleanup:
        state.require_space()
        end_leftovers(state)
        cleanup.callback(state.forget_mesh)
        ports = cleanup.enter_context(PortBlock(state.path))
        try:
            asyncio.run(Mesh(wish, state, ports, progress).run())
        except ExceptionGroup as group:
            raise _first(group) from None


class Mesh:
    def __init__(self, wish: Wish, state: StateDirectory, ports: PortBlock, progress: Progress) -> None:
        self._databases = wish.blueprint.databases
        self._state = state
        self._progress = progress
        self._stores = Stores.of(state, ports)
        self._replicas = lay_out(wish.blueprint, ports, wish.first_http_port)
        self._prometheus = Prometheus(state.prometheus, ports.take(), tuple(self._replicas)) if wish.observe else None
        self._links = Links(self._stores, self._replicas, ports) if wish.proxied else None
        self._environments = Environments(self._stores, self._replicas, wish.cache_mode, self._links)
        self._preparation = Preparation(wish, self._environments, state, progress)
        self._is_ready = False

    async def run(self) -> None:
        self._require_gateway_ports()
        stop = _stop_on_signals()
        async with asyncio.TaskGroup() as tasks:
            self._supervisor = Supervisor(tasks, self._note_change)
            background = [
                tasks.create_task(serve_control(self._state.listen(), self._supervisor, self._links, stop)),
                tasks.create_task(self._bound_logs()),
                tasks.create_task(self._start()),
            ]
            try:
                await stop.wait()
            finally:
                for task in background:
                    task.cancel()
                await self._supervisor.stop()
                if self._links:
                    await self._links.aclose()
        if not self._is_ready:
            raise StartupError("stopped before the mesh was ready")

    async def _start(self) -> None:
        if self._links:
            await self._links.start()
        await self._start_stores()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._preparation.run())
            programs = [replica_program(replica, self._environments, self._state) for replica in self._replicas]
            if self._prometheus:
                self._prometheus.prepare()
                programs.append(prometheus_program(self._prometheus, self._state))
            tasks.create_task(self._start_programs("services", programs))
        await self._until_gateways_reach_all()
        self._is_ready = True
        self._state.publish(self._description())
        self._progress.ready(self._description())

    async def _start_stores(self) -> None:
        for store in self._stores.named().values():
            await asyncio.to_thread(store.prepare)
        await self._start_programs("stores", store_programs(self._stores, self._state))
        await asyncio.to_thread(self._stores.prepare_databases, self._databases)

    async def _start_programs(self, stage: str, programs: list[Program]) -> None:
        ready = 0

        def count() -> None:
            nonlocal ready
            ready += 1
            self._progress.stage(stage, ready, len(programs))

        self._progress.stage(stage, 0, len(programs))
        await self._supervisor.start(programs, count)

    async def _until_gateways_reach_all(self) -> None:
        """A gateway is ready without its tiers; a mesh is not, since its first request may need any of them."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        for replica in self._gateways():
            while away := await asyncio.to_thread(unreachable_from, replica.ready_port):
                if time.monotonic() > deadline:
                    raise StartupError(f"{replica.name} does not reach {', '.join(away)}")
                await asyncio.sleep(ASK_UNREADY_EVERY_SECONDS)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(BOUND_LOGS_EVERY_SECONDS)
            with suppress(OSError):  # a full disk must not stop what is running
                await asyncio.to_thread(logs.bound, self._state.logs)

    def _note_change(self) -> None:
        """A full disk must not stop what is running."""
        try:
            self._state.remember_children(self._supervisor.children())
            if self._is_ready:
                self._state.publish(self._description())
        except OSError as error:
            print(f"agora mesh: the state of the mesh could not be written: {error}", file=sys.stderr)

    def _require_gateway_ports(self) -> None:
        for replica in self._gateways():
            port = replica.ready_port
            if not is_free(port):
                raise StartupError(
                    f"port {port} is taken by {holder_of(port)}: stop it, or set AGORA_HTTP_PORT to another port"
                )

    def _gateways(self) -> list[Replica]:
        return [replica for replica in self._replicas if replica.service.name == GATEWAY]

    def _description(self) -> dict[str, Any]:
        gateways = [f"http://{HOST}:{replica.port}" for replica in self._gateways()]
        return {
            "gateway": gateways[0] if gateways else None,
            "gateways": gateways,
            "monolith": self._monolith(),
            "postgres": self._stores.postgres.dsn("postgres"),
            "redis": self._stores.cache.url,
            "stream": self._stores.stream.url,
            "prometheus": self._prometheus.url if self._prometheus else None,
            "processes": [self._describe(replica) for replica in self._replicas],
            "stores": [
                {"name": name, "pid": self._supervisor.process(name).pid, "port": store.port}
                for name, store in self._stores.named().items()
            ],
            "supervisor": {"pid": os.getpid()},
        }

    def _monolith(self) -> str | None:
        ports = (replica.port for replica in self._replicas if replica.service.name == MONOLITH)
        return next((f"{HOST}:{port}" for port in ports), None)

    def _describe(self, replica: Replica) -> dict[str, Any]:
        return {
            "name": replica.name,
            "service": replica.service.name,
            "pid": self._supervisor.process(replica.name).pid,
            "grpc": replica.address,
            "metrics": f"http://{HOST}:{replica.metrics_port}/metrics",
        }


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Failures that come together have one cause: the one that was noticed first."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
