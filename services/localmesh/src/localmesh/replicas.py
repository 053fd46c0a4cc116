"""Which process listens where, and the environment each is given."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from localmesh.credentials import credential
from localmesh.plan import GATEWAY, Blueprint, Service
from localmesh.ports import HOST, PortBlock
from localmesh.stores import Stores


@dataclass(frozen=True)
class Replica:
    service: Service
    index: int
    port: int | None
    metrics_port: int

    @property
    def name(self) -> str:
        return f"{self.service.name}-{self.index}"

    @property
    def address(self) -> str | None:
        return f"{HOST}:{self.port}" if self.service.port_variable == "GRPC_PORT" else None

    @property
    def ports(self) -> dict[str, int]:
        """By the name of the variable that holds each."""
        own = {self.service.port_variable: self.port} if self.service.port_variable and self.port else {}
        return own | {"METRICS_PORT": self.metrics_port}

    @property
    def ready_port(self) -> int:
        return self.ports[self.service.readiness.value]


def lay_out(blueprint: Blueprint, ports: PortBlock, first_http_port: int) -> list[Replica]:
    """Gateways get the ports people know, everything else a free one of the block."""

    def port(service: Service, index: int) -> int | None:
        if service.name == GATEWAY:
            return first_http_port + index
        return ports.take() if service.port_variable else None

    return [
        Replica(service, index, port(service, index), ports.take())
        for service in blueprint.services
        for index in range(service.replicas)
    ]


class Links(Protocol):
    """Addresses as one caller is to use them (`localmesh.links`)."""

    def seen_by(self, caller: Replica) -> tuple[Stores, list[Replica]]: ...


class Environments:
    """What a process is told: the caller's own environment, without what that may hold for another mesh."""

    def __init__(self, stores: Stores, replicas: list[Replica], cache_mode: str, links: Links | None = None) -> None:
        self._stores = stores
        self._services = [replica.service for replica in replicas]
        self._replicas = replicas
        self._cache_mode = cache_mode
        self._links = links

    def of_replica(self, replica: Replica) -> dict[str, str]:
        service = replica.service
        stores, replicas = self._links.seen_by(replica) if self._links else (self._stores, self._replicas)
        offered = self._offered(stores, replicas) | _database(stores, service)
        given = {name: offered[name] for name in service.needs}
        given |= {"INSTANCE_NAME": replica.name, "LISTEN_HOST": HOST}
        given |= {name: str(port) for name, port in replica.ports.items()}
        return self._inherited() | given

    def of_command(self, service: Service) -> dict[str, str]:
        """For a command that works on the service's database."""
        return self._inherited() | _database(self._stores, service)

    def of_migrations(self, services: list[Service]) -> dict[str, str]:
        return self._inherited() | _database_urls(self._stores, services)

    def _offered(self, stores: Stores, replicas: list[Replica]) -> dict[str, str]:
        """Every variable that a service may need."""
        return (
            _targets(replicas)
            | _database_urls(stores, self._services)
            | {
                "REDIS_URL": stores.cache.url,
                "STREAM_URL": stores.stream.url,
                "CACHE_MODE": self._cache_mode,
                "AGORA_OPERATOR_TOKEN": credential(stores.state.secrets, "operator-token"),
            }
        )

    def _inherited(self) -> dict[str, str]:
        withheld = {*self._offered(self._stores, self._replicas), "DATABASE_URL"}
        return {"LOG_FORMAT": "text"} | {name: value for name, value in os.environ.items() if name not in withheld}


def _database_urls(stores: Stores, services: Iterable[Service]) -> dict[str, str]:
    """For a process that works on the databases of several services."""
    return {
        f"{service.package.upper()}_DATABASE_URL": stores.database_url(service.database)
        for service in services
        if service.database
    }


def _database(stores: Stores, service: Service) -> dict[str, str]:
    return {"DATABASE_URL": stores.database_url(service.database)} if service.database else {}


def _targets(replicas: list[Replica]) -> dict[str, str]:
    addresses: dict[str, list[str]] = {}
    for replica in replicas:
        if replica.address:
            addresses.setdefault(f"{replica.service.name.upper()}_TARGET", []).append(replica.address)
    return {name: f"ipv4:{','.join(several)}" for name, several in addresses.items()}
