"""Reading of the environment. Nothing is read at import: a service's `__main__` asks once, here."""

import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

SettingsT = TypeVar("SettingsT")
Network = IPv4Network | IPv6Network
DEFAULT_TRACE_RATIO: Final = 0.01
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_ORIGIN: Final = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_PORT_AT_END: Final = re.compile(r"[^:/]:[0-9]{1,5}$")
_RATIO: Final = re.compile(r"0|1|0?\.[0-9]{1,18}|1\.0{1,18}")


class SettingsError(Exception):
    """A value of the environment is missing or malformed; the message is one line that names it."""


class Environment:
    """Typed access to environment variables, which names the variable when it refuses one."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise SettingsError(f"{name} is not set")
        return default

    def port(self, name: str) -> int:
        value = self.text(name)
        if not _NUMBER.fullmatch(value) or not 0 < int(value) < 65536:
            raise SettingsError(f"{name} must be a port from 1 to 65535, not {value!r}")
        return int(value)

    def count(self, name: str, default: int, *, low: int = 1, high: int = 1_000_000) -> int:
        value = self.text(name, str(default))
        if not _NUMBER.fullmatch(value) or not low <= int(value) <= high:
            raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        return int(value)

    def ratio(self, name: str, default: float) -> float:
        value = self.text(name, str(default))
        if not _RATIO.fullmatch(value):
            raise SettingsError(f"{name} must be a number from 0 to 1, not {value!r}")
        return float(value)

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value not in options:
            raise SettingsError(f"{name} must be one of {', '.join(options)}, not {value!r}")
        return value

    def url(self, name: str, *schemes: str) -> str:
        value = self.text(name)
        # The value may hold a password, so it is never part of the message.
        try:
            parts = urlsplit(value)
            well_formed = parts.scheme in schemes and bool(parts.hostname or parts.query) and parts.port != 0
        except ValueError:
            well_formed = False
        if not well_formed:
            raise SettingsError(f"{name} must be a URL like {schemes[0]}://host:port")
        return value

    def redis_url(self, name: str) -> str:
        return self.url(name, "redis", "rediss", "unix")

    def networks(self, name: str) -> tuple[Network, ...]:
        """CIDRs or single addresses, with commas between; none by default."""
        try:
            return tuple(ip_network(part.strip()) for part in self.text(name, "").split(",") if part.strip())
        except ValueError as error:
            raise SettingsError(f"{name} must be CIDRs like 10.0.0.0/8,2001:db8::/32: {error}") from None

    def origins(self, name: str) -> tuple[str, ...]:
        """Origins as browsers send them, with commas between; none by default."""
        origins = tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(f"{name} must be origins like https://shop.example:8443, not {origin!r}")
        return origins

    def target(self, name: str) -> str:
        value = self.text(name)
        scheme, _, rest = value.partition(":")
        has_port = scheme == "unix" or all(_PORT_AT_END.search(address) for address in rest.split(","))
        if scheme not in ("dns", "ipv4", "ipv6", "unix") or not rest or not has_port:
            raise SettingsError(f"{name} must be a gRPC target like dns:///host:port or ipv4:a:p,b:p, not {value!r}")
        return value


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What every process of the mesh is told."""

    instance_name: str
    listen_host: str
    metrics_port: int
    log_level: str
    log_format: str
    otlp_endpoint: str | None
    trace_ratio: float = DEFAULT_TRACE_RATIO

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            instance_name=environment.text("INSTANCE_NAME", socket.gethostname()),
            listen_host=environment.text("LISTEN_HOST", "0.0.0.0"),  # noqa: S104 - a container listens on its pod's address
            metrics_port=environment.port("METRICS_PORT"),
            log_level=environment.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info").upper(),
            log_format=environment.choice("LOG_FORMAT", ("json", "text"), "json"),
            otlp_endpoint=environment.text("OTEL_EXPORTER_OTLP_ENDPOINT", "") or None,
            trace_ratio=environment.ratio("OTEL_TRACES_SAMPLER_ARG", DEFAULT_TRACE_RATIO),
        )


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits on clients of a port that is open to anyone; `docs/limits.md` says what happens beyond them."""

    connections: int = 4096
    connections_per_client: int = 1024
    # For the head of an HTTP request, or a frame of the socket protocol.
    receive_timeout_s: int = 10
    # For a client to take some of the answers that wait for it.
    send_timeout_s: int = 30
    # Longer than balancers keep idle connections, so that it is never this side that closes one just as it is used.
    idle_timeout_s: int = 620
    # Memory of all requests that have not come whole, and of all answers that are not taken.
    unfinished_bytes: int = 8 * 1024 * 1024

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            connections=environment.count("MAX_CONNECTIONS", cls().connections),
            connections_per_client=environment.count("MAX_CONNECTIONS_PER_CLIENT", cls().connections_per_client),
            receive_timeout_s=environment.count("RECEIVE_TIMEOUT_S", cls().receive_timeout_s, high=3600),
            send_timeout_s=environment.count("SEND_TIMEOUT_S", cls().send_timeout_s, high=3600),
            idle_timeout_s=environment.count("IDLE_TIMEOUT_S", cls().idle_timeout_s, high=86_400),
            unfinished_bytes=environment.count("MAX_UNFINISHED_BYTES", cls().unfinished_bytes, high=2**40),
        )


class DatabaseSettings(Protocol):
    """What it takes to open a database: part of what every process with one is told."""

    @property
    def process(self) -> ProcessSettings: ...
    @property
    def database_url(self) -> str: ...
    @property
    def pool_size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What every data service is told: a process that speaks gRPC and owns a database."""

    process: ProcessSettings
    grpc_port: int
    database_url: str
    pool_size: int

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            process=ProcessSettings.read(environment),
            grpc_port=environment.port("GRPC_PORT"),
            database_url=environment.url("DATABASE_URL", "postgresql", "postgres"),
            pool_size=environment.count("DATABASE_POOL_SIZE", 10, high=100),
        )


def read_or_exit(read: Callable[[Environment], SettingsT]) -> SettingsT:
    """Read a process's settings from `os.environ`, or stop the process with the one line that says what is wrong."""
    try:
        return read(Environment(os.environ))
    except SettingsError as error:
        print(f"configuration: {error}", file=sys.stderr)
        raise SystemExit(2) from None
