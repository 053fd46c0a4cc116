"""The local mesh with containers in place of its processes: the same stores, ports, replicas and variables."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from scripts.container_journey.engine import Engine

from localmesh.health import probe_of
from localmesh.plan import AGORA, GATEWAY, MONOLITH
from localmesh.ports import HOST, PortBlock
from localmesh.postgres import Postgres
from localmesh.replicas import Environments, Replica, lay_out
from localmesh.state import StateDirectory
from localmesh.stores import Stores
from localmesh.valkey import Valkey

_READY_WITHIN_S: Final = 60.0
_STOPPED_WITHIN_S: Final = 20
_POLL_S: Final = 0.1


@dataclass(frozen=True)
class Shop:
    url: str
    monolith: str
    state: Path


@contextmanager
def running_shop(engine: Engine) -> Iterator[Shop]:
    with TemporaryDirectory(prefix="agora-journey-") as directory, ExitStack() as stack:
        state = StateDirectory(Path(directory))
        state.prepare()
        ports = stack.enter_context(PortBlock(state.path))
        stores = Stores.of(state, ports)
        for name, store in stores.named().items():
            stack.enter_context(_running_store(store, state.logs / name))
        stores.prepare_databases(AGORA.databases)
        replicas = lay_out(AGORA, ports, first_http_port=ports.take())
        environments = Environments(stores, replicas, "tiered")
        _migrate(engine, environments)
        stack.enter_context(_running_containers(engine, environments, replicas))
        yield Shop(f"http://{_address(replicas, GATEWAY)}", _address(replicas, MONOLITH), state.path)


@contextmanager
def _running_store(store: Postgres | Valkey, log: Path) -> Iterator[None]:
    store.prepare()
    with log.open("wb") as output:
        process = store.launch(output.fileno())
    try:
        deadline = time.monotonic() + _READY_WITHIN_S
        while not store.is_ready(process.pid):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit(f"{log.name} did not start:\n{log.read_text()}")
            time.sleep(_POLL_S)
        yield
    finally:
        process.send_signal(store.stop_signal)
        process.wait(_STOPPED_WITHIN_S)


def _migrate(engine: Engine, environments: Environments) -> None:
    """As the chart's Jobs do, in the image of each service that has a database."""
    owners = {service.package: service for service in AGORA.services if service.database}
    for package, service in owners.items():
        url = environments.of_command(service)["DATABASE_URL"]
        engine.run(package, "chassis.migrations", package, variables={"DATABASE_URL": url})


@contextmanager
def _running_containers(engine: Engine, environments: Environments, replicas: list[Replica]) -> Iterator[None]:
    """Their logs are shown when something fails. When nothing does, each must stop by itself and without an error."""
    started: list[str] = []
    try:
        for replica in replicas:
            container = f"agora-journey-{replica.name}"
            service = replica.service
            started.append(container)
            engine.start(container, service.package, service.module, variables=_variables(environments, replica))
        asyncio.run(_until_ready(replicas))
        yield
        for container in reversed(started):
            _stop(engine, container)
    except BaseException:
        for container in started:
            print(f"» {container}\n{engine.logs(container)}")
        raise
    finally:
        for container in started:
            engine.remove(container)


def _variables(environments: Environments, replica: Replica) -> dict[str, str]:
    """Only what the mesh means for it, and nothing of this process's own environment."""
    told = {*replica.service.needs, *replica.ports, "INSTANCE_NAME", "LISTEN_HOST"}
    return {name: value for name, value in environments.of_replica(replica).items() if name in told}


async def _until_ready(replicas: list[Replica]) -> None:
    waiting = {replica.name: probe_of(replica) for replica in replicas}
    deadline = time.monotonic() + _READY_WITHIN_S
    while waiting:
        ready = {name for name, probe in waiting.items() if await probe.is_ready(0)}
        waiting = {name: probe for name, probe in waiting.items() if name not in ready}
        if waiting and time.monotonic() > deadline:
            raise SystemExit(f"not ready after {_READY_WITHIN_S:.0f} s: {', '.join(waiting)}")
        await asyncio.sleep(_POLL_S)


def _stop(engine: Engine, container: str) -> None:
    engine.ask("stop", "-t", str(_STOPPED_WITHIN_S), container)
    code = engine.ask("inspect", "--format={{.State.ExitCode}}", container)
    if code != "0":
        raise SystemExit(f"{container} ended with {code} when it was told to stop")


def _address(replicas: list[Replica], service: str) -> str:
    return next(f"{HOST}:{replica.port}" for replica in replicas if replica.service.name == service)
