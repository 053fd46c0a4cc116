"""The life of a data service: compose, listen, become ready, serve, drain, close."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Protocol

import uvloop
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from chassis import background, logs, metrics, readiness, telemetry
from chassis.cache_state import CacheState
from chassis.grpc_server import WRITES, GrpcServer
from chassis.invalidation import Invalidation
from chassis.migrations import SchemaCheck
from chassis.postgres import Database
from chassis.postgres_statistics import READ_EVERY_S, PostgresStatistics
from chassis.queries import Queries
from chassis.readiness import Check
from chassis.redis import TIMEOUT_S, connect
from chassis.settings import DatabaseSettings, ProcessSettings, ServiceSettings, SettingsError

logger = logging.getLogger(__name__)


class Running(AsyncExitStack):
    """What a service holds while it runs. What is entered first is closed last."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: dict[str, Check] = {}
        # What only changes need: without it a service still serves reads.
        self.write_checks: dict[str, Check] = {}

    async def open_database(self, settings: DatabaseSettings, package: str) -> Database:
        """The pool of a service's database with the queries of its package; the service is ready only with it."""
        database = Database(
            settings.database_url,
            Queries.of_package(package),
            pool_size=settings.pool_size,
            application_name=settings.process.instance_name,
        )
        await database.open()
        database.watch_pool()
        statistics = PostgresStatistics(database)
        REGISTRY.register(statistics)
        self.callback(REGISTRY.unregister, statistics)
        self.push_async_callback(database.close)
        self.repeat("statistics", statistics.read, every_s=READ_EVERY_S)
        self.checks["postgresql"] = database.ping
        self.write_checks["postgresql_writes"] = database.check_writes
        self.checks["schema"] = SchemaCheck(package, settings.database_url)
        return database

    def open_redis(self, process: ProcessSettings, url: str, *, timeout_s: float = TIMEOUT_S) -> "Redis":
        """A client that is closed with the service. Nothing is sent until its first use."""
        redis = connect(url, name=process.instance_name, timeout_s=timeout_s)
        self.push_async_callback(redis.aclose)
        return redis

    def open_invalidation(self, process: ProcessSettings, redis_url: str, state: CacheState) -> Invalidation:
        """Invalidation of the copies whose state that is; it ends with the service."""
        invalidation = Invalidation(self.open_redis(process, redis_url), state)
        self.push_async_callback(invalidation.aclose)
        return invalidation

    def watch(self, state: str, checks: Mapping[str, Check], tell: Callable[[bool], Awaitable[None]]) -> None:
        """Call `tell` whenever the checks together begin or cease to pass."""
        watch = readiness.Watch(state, checks, tell)
        self.repeat(f"watch_{state}", watch.check, every_s=readiness.CHECK_EVERY_S)

    def repeat(self, task: str, work: Callable[[], Awaitable[object]], *, every_s: float) -> None:
        """Repeat `work` in the background until the service stops, whatever it raises (`chassis.background`)."""
        repeating = asyncio.create_task(background.repeat(task, work, every_s=every_s))
        self.push_async_callback(_cancel, repeating)


class Compose(Protocol):
    """Builds a service on a server: registers its servicer and returns the full proto names it answers to."""

    def __call__(self, running: Running, server: GrpcServer) -> Awaitable[list[str]]: ...


def run(tier: str, settings: ServiceSettings, compose: Compose) -> None:
    """Run a gRPC service until SIGTERM or SIGINT. Exits with one line when a port is taken."""
    logs.set_up(settings.process)
    try:
        uvloop.run(_serve(tier, settings.process, settings.grpc_port, compose))
    except SettingsError as error:
        print(f"{tier}: {error}", file=sys.stderr)
        raise SystemExit(2) from None


async def _serve(tier: str, settings: ProcessSettings, grpc_port: int, compose: Compose) -> None:
    stopping = stop_signal()
    metrics.serve(settings.listen_host, settings.metrics_port)
    server = GrpcServer(tier, settings.instance_name, settings.listen_host, grpc_port)
    async with telemetry.telling(tier, settings), Running() as running:
        names = await compose(running, server)
        await server.start(*names)
        running.push_async_callback(server.stop)
        running.watch("ready", running.checks, server.set_serving)
        if running.write_checks:
            running.watch("writable", running.write_checks, partial(server.set_health, WRITES))
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("listening", extra={"port": grpc_port})
        await stopping.wait()
        logger.info("stopping")


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    event = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, event.set)
    return event


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
