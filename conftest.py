"""What every test may ask for: real stores, a fresh database, a served servicer. Each xdist worker has its own."""

import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis

from chassis.cache_state import CacheState
from chassis.grpc_client import open_channel
from chassis.grpc_server import GrpcServer
from chassis.invalidation import Invalidation
from chassis.migrations import migrate
from chassis.postgres import Database
from chassis.queries import Queries
from chassis.redis import connect
from localmesh.embedded import EmbeddedStores
from localmesh.ports import HOST, PortBlock
from localmesh.tcp_proxy import TcpProxy

READY_WITHIN_S = 10.0

# A shell that starts the tests in the background makes them ignore SIGINT, and with them every process they start and
# mean to interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
# SIGTERM ends the tests as Ctrl-C does, fixtures included: a mesh that a test started must not outlive them.
signal.signal(signal.SIGTERM, signal.default_int_handler)

# A busy machine is no defect of the code under test.
settings.register_profile("agora", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("agora")


@pytest.fixture(scope="session", autouse=True)
def imported_code_is_not_collected() -> None:
    """A collection between tests looks at what tests have left, and takes a few milliseconds."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def stores() -> Iterator[EmbeddedStores]:
    """One PostgreSQL and two Valkeys on ports of their own, gone with the session."""
    # Not pytest's own directory: it takes back the permission that lets PostgreSQL's account pass.
    with TemporaryDirectory(prefix="agora-tests-") as directory, EmbeddedStores(Path(directory)) as running:
        yield running


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[PortBlock]:
    """Ports for servers that start later, or again: nobody else is given one of them meanwhile."""
    with PortBlock(tmp_path) as ports:
        yield ports


@dataclass
class DatabaseServer:
    """Migrates a package's template once, and copies it for each test."""

    stores: EmbeddedStores
    templates: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    async def execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.stores.postgres_dsn())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def template_of(self, package: str) -> str:
        name = f"template_{package}"
        if name not in self.templates:
            await self.execute(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
            await migrate(package, self.stores.postgres_dsn(name))
            self.templates.add(name)
        return name


@dataclass
class DatabaseFor:
    server: DatabaseServer
    cleanup: AsyncExitStack

    async def __call__(self, package: str | None) -> str:
        template = await self.server.template_of(package) if package else "template1"
        name = f"test_{next(self.server.numbers)}"
        await self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.cleanup.push_async_callback(self.server.execute, f"DROP DATABASE {name} WITH (FORCE)")
        return self.server.stores.postgres_dsn(name)


@dataclass
class OpenDatabase:
    database_for: DatabaseFor
    cleanup: AsyncExitStack

    async def __call__(self, package: str, dsn: str | None = None, *, pool_size: int = 4) -> Database:
        dsn = dsn or await self.database_for(package)
        database = Database(dsn, Queries.of_package(package), pool_size=pool_size, application_name=f"{package}-test")
        await database.open()
        self.cleanup.push_async_callback(database.close)
        return database


@pytest.fixture(scope="session")
def database_server(stores: EmbeddedStores) -> DatabaseServer:
    return DatabaseServer(stores)


@pytest.fixture
async def database_for(database_server: DatabaseServer) -> AsyncIterator[DatabaseFor]:
    """`await database_for("catalog")` is the DSN of a fresh, migrated database; for None, of an empty one."""
    async with AsyncExitStack() as cleanup:
        yield DatabaseFor(database_server, cleanup)


@pytest.fixture
async def open_database(database_for: DatabaseFor) -> AsyncIterator[OpenDatabase]:
    """`await open_database("catalog")` is a pool on a fresh database, or on the one at a given DSN."""
    async with AsyncExitStack() as cleanup:
        yield OpenDatabase(database_for, cleanup)


async def _flushed(url: str) -> str:
    async with Redis.from_url(url) as client:
        await client.flushall()
    return url


@pytest.fixture
async def redis_url(stores: EmbeddedStores) -> str:
    """The cache, empty."""
    return await _flushed(stores.redis_url)


@pytest.fixture
async def cache_state(open_database: OpenDatabase) -> CacheState:
    """The cache state of a catalog."""
    return CacheState(await open_database("catalog"))


@pytest.fixture
async def invalidation(redis_url: str) -> AsyncIterator[Invalidation]:
    """What writers delete cached copies with; without a database, since the cache is always there."""
    nowhere = Database("postgresql://unused@127.0.0.1:1/none", Queries(""), pool_size=1, application_name="test")
    async with connect(redis_url, name="test") as redis, aclosing(Invalidation(redis, CacheState(nowhere))) as ready:
        yield ready


@pytest.fixture
async def stream_url(stores: EmbeddedStores) -> str:
    """The durable store of streams, empty."""
    return await _flushed(stores.stream_url)


@dataclass
class ProxyTo:
    cleanup: AsyncExitStack

    async def __call__(self, url: str) -> tuple[TcpProxy, str]:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        proxy = TcpProxy(parts.hostname, parts.port)
        port = await proxy.start(HOST)
        self.cleanup.push_async_callback(proxy.aclose)
        credentials = parts.netloc.rpartition("@")[0]
        return proxy, parts._replace(netloc=f"{credentials}@{HOST}:{port}").geturl()


@pytest.fixture
async def proxy_to() -> AsyncIterator[ProxyTo]:
    """`proxy, url = await proxy_to(redis_url)` is a way to a store that `proxy.set_condition` can cut."""
    async with AsyncExitStack() as cleanup:
        yield ProxyTo(cleanup)


@dataclass(frozen=True)
class Served:
    """A running server. `server.stop()` drains it as SIGTERM does; `kill()` breaks off its calls."""

    target: str
    server: GrpcServer

    async def kill(self) -> None:
        await self.server.server.stop(None)


@dataclass
class Serve:
    cleanup: AsyncExitStack
    ports: PortBlock

    async def __call__(
        self,
        add_to_server: Callable[[Any, grpc.aio.Server], None],
        servicer: object,
        *,
        tier: str = "test",
        instance: str = "test-1",
        port: int | None = None,
    ) -> Served:
        # Not one of the kernel's choice: clients knock at it when the server is gone, and the kernel chooses it again.
        server = GrpcServer(tier, instance, "127.0.0.1", port or self.ports.take())
        add_to_server(servicer, server.server)
        await server.start()
        served = Served(f"ipv4:127.0.0.1:{server.port}", server)
        self.cleanup.push_async_callback(served.kill)
        await server.set_serving(True)
        await _until_serving(served.target)
        return served


async def _until_serving(target: str) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = await check(health_pb2.HealthCheckRequest(), timeout=READY_WITHIN_S, wait_for_ready=True)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
async def serve(ports: PortBlock) -> AsyncIterator[Serve]:
    """`await serve(add_CatalogServiceServicer_to_server, servicer)` returns when the server is SERVING."""
    async with AsyncExitStack() as cleanup:
        yield Serve(cleanup, ports)


@dataclass
class ChannelTo:
    cleanup: AsyncExitStack

    def __call__(self, target: str) -> grpc.aio.Channel:
        channel = open_channel(target)
        self.cleanup.push_async_callback(channel.close)
        return channel


@pytest.fixture
async def channel_to() -> AsyncIterator[ChannelTo]:
    """`channel_to(target)` is a channel as the services open it."""
    async with AsyncExitStack() as cleanup:
        yield ChannelTo(cleanup)
    # A refusal that the test looked at holds its call, and the call its connection, which would knock at the server's
    # port until somebody collects the cycle of both: at the server of another test, when that is given the port.
    gc.collect()
