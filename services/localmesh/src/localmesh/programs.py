"""How each store and each replica is started and asked for its health, as the supervisor wants to know it."""

import sys

from localmesh.health import StoreProbe, probe_of
from localmesh.launch import launch
from localmesh.plan import GATEWAY
from localmesh.process import Program, Tier
from localmesh.prometheus import Prometheus
from localmesh.replicas import Environments, Replica
from localmesh.state import StateDirectory
from localmesh.stores import Stores


def store_programs(stores: Stores, state: StateDirectory) -> list[Program]:
    return [
        Program(
            name=name,
            service=name,
            tier=Tier.STORE,
            launch=store.launch,
            probe=StoreProbe(store),
            log=state.logs / f"{name}.log",
            ports={name: store.port},
            stop_signal=store.stop_signal,
        )
        for name, store in stores.named().items()
    ]


def prometheus_program(prometheus: Prometheus, state: StateDirectory) -> Program:
    return Program(
        name="prometheus",
        service="prometheus",
        tier=Tier.SERVICE,
        launch=prometheus.launch,
        probe=StoreProbe(prometheus),
        log=state.logs / "prometheus.log",
        ports={"http": prometheus.port},
        stop_signal=prometheus.stop_signal,
    )


def replica_program(replica: Replica, environments: Environments, state: StateDirectory) -> Program:
    command = [sys.executable, "-m", replica.service.module]
    environment = environments.of_replica(replica)
    return Program(
        name=replica.name,
        service=replica.service.name,
        tier=Tier.GATEWAY if replica.service.name == GATEWAY else Tier.SERVICE,
        launch=lambda log: launch(command, output=log, environment=environment),
        probe=probe_of(replica),
        log=state.logs / f"{replica.name}.log",
        ports={name.removesuffix("_PORT").lower(): port for name, port in replica.ports.items()},
    )
