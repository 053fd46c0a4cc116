"""The PostgreSQL pool: queries are called by name, and a store that is away is `Unavailable`, not a stack trace."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final, Protocol

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from chassis import metrics, tracing
from chassis.context import RequestContext, current
from chassis.errors import DeadlineExceeded, Unavailable
from chassis.queries import Queries
from chassis.tracing import Kind

logger = logging.getLogger(__name__)

_AWAY: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database takes no connections for now
    asyncpg.UndefinedTableError,  # the migrations are still to come; a misspelt table fails test_queries
    asyncpg.UndefinedColumnError,
    asyncpg.InternalClientError,  # how asyncpg tells that a session ended between two steps of a query
)
_SYSTEM: Final = "postgresql"
# How long a query that was broken off, or a rollback, may take before its connection is closed instead.
_CLEAN_UP_S: Final = 0.5


class StoreDown(Unavailable):
    reason = "STORE_DOWN"


class StoreSlow(DeadlineExceeded):
    reason = "STORE_SLOW"


class Connection(Protocol):
    """What a repository needs of a database: the pool itself, or one transaction of it."""

    async def fetch(self, name: str, *arguments: object) -> list[Record]: ...
    async def fetchrow(self, name: str, *arguments: object) -> Record | None: ...
    async def execute(self, name: str, *arguments: object) -> None: ...


@contextmanager
def _translated(connection: "PoolConnectionProxy[Record] | None" = None) -> Iterator[None]:
    """Violated constraints pass through, for the repository to recognise by their names."""
    try:
        yield
    except asyncpg.QueryCanceledError:
        raise StoreSlow("the database did not answer in time") from None
    except TimeoutError:
        raise StoreSlow("the database did not answer in time") from None
    except _AWAY as error:
        raise _down(error) from error
    except asyncpg.InterfaceError as error:
        # Said of a lost connection and of a wrong argument alike; only the first is the database's doing.
        if connection is not None and not _is_lost(connection):
            raise
        raise _down(error) from error


def _down(error: Exception) -> StoreDown:
    logger.warning("database away", extra={"error": type(error).__name__})
    return StoreDown("the database is not reachable")


@contextmanager
def _measured(name: str, context: RequestContext) -> Iterator[None]:
    started = time.perf_counter()
    try:
        with tracing.step(context.span, name, Kind.CLIENT, {"db.system.name": _SYSTEM, "db.query.summary": name}):
            yield
    finally:
        metrics.query_duration(_SYSTEM, name).observe(time.perf_counter() - started, context.exemplar)


class Transaction:
    """A connection inside a transaction. Use it only inside `Database.transaction`."""

    def __init__(self, connection: "PoolConnectionProxy[Record]", queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        context = current()
        with _measured(name, context):
            return await self._connection.fetch(self._queries[name], *arguments, timeout=context.remaining())

    async def fetchmany(self, name: str, rows: Sequence[Sequence[object]]) -> list[Record]:
        context = current()
        with _measured(name, context):
            return await self._connection.fetchmany(self._queries[name], rows, timeout=context.remaining())

    async def fetchrow(self, name: str, *arguments: object) -> Record | None:
        rows = await self.fetch(name, *arguments)
        return rows[0] if rows else None

    async def execute(self, name: str, *arguments: object) -> None:
        await self.fetch(name, *arguments)


class Database:
    """A pool of connections to one service's database.

    Opening it never fails: a database that is not there yet is met by the first query, as `StoreDown`.
    """

    def __init__(self, dsn: str, queries: Queries, *, pool_size: int, application_name: str) -> None:
        self._dsn = dsn
        self._queries = queries
        self._pool_size = pool_size
        self._application_name = application_name
        self._pool: asyncpg.Pool[Record] | None = None
        self._probe: asyncpg.Pool[Record] | None = None

    async def open(self) -> None:
        self._pool = await self._create_pool(self._pool_size)
        # Apart from the others, since a pool in full use is busy, not away.
        self._probe = await self._create_pool(1)

    async def _create_pool(self, size: int) -> "asyncpg.Pool[Record]":
        return await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=size,
            timeout=3.0,
            reset=_keep,
            server_settings={"application_name": self._application_name, "jit": "off"},
        )

    async def close(self) -> None:
        await asyncio.gather(*(_close(pool) for pool in (self._pool, self._probe) if pool is not None))

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        async with _acquire(self._pool) as connection:
            with _translated(connection):
                return await Transaction(connection, self._queries).fetch(name, *arguments)

    async def fetchmany(self, name: str, rows: Sequence[Sequence[object]]) -> list[Record]:
        """Run the query with each of `rows`, all in one transaction; returns what all of them returned, in order."""
        async with _acquire(self._pool) as connection:
            with _translated(connection):
                return await Transaction(connection, self._queries).fetchmany(name, rows)

    async def fetchrow(self, name: str, *arguments: object) -> Record | None:
        rows = await self.fetch(name, *arguments)
        return rows[0] if rows else None

    async def execute(self, name: str, *arguments: object) -> None:
        await self.fetch(name, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One READ COMMITTED transaction: committed at the end of the block, rolled back when it raises."""
        async with _acquire(self._pool) as connection:
            # Not asyncpg's own transaction: its statements know no deadline.
            try:
                with _translated(connection):
                    await connection.execute("BEGIN", timeout=current().remaining())
                    yield Transaction(connection, self._queries)
                    await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise

    async def ping(self) -> None:
        """Raises StoreDown unless the database answers."""
        await self.probe("SELECT 1")

    async def probe(self, query: str) -> Record | None:
        """A row that tells of the database itself, on a connection apart."""
        async with _acquire(self._probe) as connection:
            with _translated(connection):
                return await connection.fetchrow(query, timeout=current().remaining())

    def watch_pool(self) -> None:
        """Publish the pool's size in `chassis.metrics`, read when scraped."""
        metrics.POOL_MAX.set(self._pool_size)
        metrics.POOL_CONNECTIONS.labels("idle").set_function(lambda: self._pool.get_idle_size() if self._pool else 0)
        metrics.POOL_CONNECTIONS.labels("used").set_function(
            lambda: self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0
        )


@asynccontextmanager
async def _acquire(pool: "asyncpg.Pool[Record] | None") -> "AsyncIterator[PoolConnectionProxy[Record]]":
    if pool is None or pool.is_closing():
        raise StoreDown("the database is not opened")
    started = time.perf_counter()
    context = current()
    metrics.POOL_PENDING.inc()
    try:
        with _translated():
            connection = await pool.acquire(timeout=context.remaining())
    except StoreSlow:
        metrics.POOL_TIMEOUTS.inc()
        raise
    finally:
        metrics.POOL_PENDING.dec()
        metrics.POOL_WAIT.observe(time.perf_counter() - started, context.exemplar)
    try:
        yield connection
    finally:
        # When it fails, the connection is closed already, and the error to hear of is the one that led here.
        with suppress(Exception):
            await pool.release(connection, timeout=_CLEAN_UP_S)


async def _close(pool: "asyncpg.Pool[Record]") -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=5.0)
    except TimeoutError:
        pool.terminate()


async def _commit(connection: "PoolConnectionProxy[Record]") -> None:
    # PostgreSQL answers ROLLBACK, and calls it no error, when a query of the transaction had failed.
    context = current()
    with _measured("COMMIT", context):
        answer = await connection.execute("COMMIT", timeout=context.remaining())
    if answer != "COMMIT":
        raise RuntimeError("the transaction was rolled back: a query in it had failed")


async def _roll_back(connection: "PoolConnectionProxy[Record]") -> None:
    """End the transaction, or the connection with it. Never raises: what led here is what the caller must hear."""
    ended = False
    try:
        async with asyncio.timeout(_CLEAN_UP_S):
            await connection.execute("ROLLBACK")
        ended = True
    except Exception as error:
        logger.info("connection dropped, not rolled back", extra={"error": type(error).__name__})
    finally:
        if not ended and not _is_lost(connection):
            connection.terminate()


def _is_lost(connection: "PoolConnectionProxy[Record]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # it has left the pool already
        return True


async def _keep(connection: Any) -> None:
    """No service leaves state in a connection, so the four statements asyncpg would reset it with are saved."""


def constraint_of(error: asyncpg.IntegrityConstraintViolationError) -> str:
    """The name of the violated constraint: the only part of the error a repository may decide by."""
    return getattr(error, "constraint_name", None) or ""
