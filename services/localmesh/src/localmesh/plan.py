"""What a mesh consists of: the services, what each needs, and how many replicas of each were asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from localmesh.errors import UsageError

GATEWAY = "gateway"
MONOLITH = "monolith"
VOTE_WORKER = "review-worker"
CACHE_MODES = ("off", "shared", "tiered")
USUAL_HTTP_PORT = 8080


class Readiness(Enum):
    """Which port a process says on that it is ready: ``grpc.health.v1``, or ``GET /readyz`` on the other two."""

    GRPC = "GRPC_PORT"
    HTTP = "HTTP_PORT"
    METRICS = "METRICS_PORT"


@dataclass(frozen=True)
class Service:
    """A row of the table: ``needs`` are the names of contract section 7 that the service is given."""

    name: str
    module: str
    replicas: int
    needs: tuple[str, ...]
    database: str | None = None
    port_variable: str | None = "GRPC_PORT"
    readiness: Readiness = Readiness.GRPC

    @property
    def package(self) -> str:
        """Whose migrations make its database: a worker stands in the package of its service, and shares it."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Blueprint:
    """The services, and the modules with arguments that prepare their databases.

    ``migrate`` is given the packages of the services; ``sample_items`` the number of items, and what ``sample_sellers``
    printed on its standard input.
    """

    services: tuple[Service, ...]
    migrate: str
    sample_sellers: tuple[str, ...]
    sample_items: tuple[str, ...]

    @property
    def databases(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(service.database for service in self.services if service.database))

    def with_replicas(self, asked: Mapping[str, int]) -> Self:
        services = (replace(service, replicas=asked.get(service.name, service.replicas)) for service in self.services)
        return replace(self, services=tuple(services))


AGORA = Blueprint(
    services=(
        Service("catalog", "catalog", 2, ("DATABASE_URL", "REDIS_URL"), database="catalog"),
        Service("order", "order", 2, ("DATABASE_URL", "CATALOG_TARGET"), database="orders"),
        Service("account", "account", 1, ("DATABASE_URL", "REDIS_URL"), database="account"),
        Service("review", "review", 1, ("DATABASE_URL", "ORDER_TARGET", "REDIS_URL"), database="review"),
        Service(
            VOTE_WORKER,
            "review.worker",
            1,
            ("DATABASE_URL", "REDIS_URL", "STREAM_URL"),
            database="review",
            port_variable=None,
            readiness=Readiness.METRICS,
        ),
        Service(
            GATEWAY,
            "gateway",
            1,
            (
                "REDIS_URL",
                "STREAM_URL",
                "CACHE_MODE",
                "CATALOG_TARGET",
                "ORDER_TARGET",
                "ACCOUNT_TARGET",
                "REVIEW_TARGET",
                "AGORA_OPERATOR_TOKEN",
            ),
            port_variable="HTTP_PORT",
            readiness=Readiness.HTTP,
        ),
        Service(
            MONOLITH,
            "monolith",
            1,
            ("ACCOUNT_DATABASE_URL", "CATALOG_DATABASE_URL", "ORDER_DATABASE_URL", "REVIEW_DATABASE_URL", "REDIS_URL"),
            port_variable="MONOLITH_PORT",
            readiness=Readiness.METRICS,
        ),
    ),
    migrate="chassis.migrations",
    sample_sellers=("account.sample", "--sellers", "200"),
    sample_items=("catalog.sample", "--items"),
)


@dataclass(frozen=True)
class Wish:
    """What the caller of ``agora mesh up`` asked for."""

    blueprint: Blueprint
    cache_mode: str
    first_http_port: int
    sample_items: int
    observe: bool = False
    proxied: bool = False


def parse_replicas(text: str, blueprint: Blueprint) -> dict[str, int]:
    """Reads ``catalog=2,order=3``, with commas or spaces between."""
    asked = {}
    for part in re.split(r"[,\s]+", text.strip(" ,")):
        name, _, number = part.partition("=")
        if name not in {service.name for service in blueprint.services}:
            raise UsageError(f"no service {name!r}: {', '.join(service.name for service in blueprint.services)}")
        asked[name] = parse_count(number, name)
    return asked


def parse_count(text: str, what: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]?", text):
        raise UsageError(f"the number of {what} must be from 1 to 99, not {text!r}")
    return int(text)
