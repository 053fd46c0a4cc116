"""The PostgreSQL pool: queries are called by name, and a store that is away is `Unavailable`, not a stack trace."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Protocol

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from chassis import metrics
from chassis.context import DEFAULT_TIMEOUT_S, current
from chassis.errors import DeadlineExceeded, Unavailable
from chassis.queries import Queries

logger = logging.getLogger(__name__)

_AWAY: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


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
def _translated() -> Iterator[None]:
    """Violated constraints pass through, for the repository to recognise by their names."""
    try:
        yield
    except asyncpg.QueryCanceledError:
        raise StoreSlow("the database did not answer in time") from None
    except TimeoutError:
        raise StoreSlow("the database did not answer in time") from None
    except _AWAY as error:
        logger.warning("database away", extra={"error": type(error).__name__})
        raise StoreDown("the database is not reachable") from error


class Transaction:
    """A connection inside a transaction. Use it only inside `Database.transaction`."""

    def __init__(self, connection: "PoolConnectionProxy[Record]", queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        started = time.perf_counter()
        rows = await self._connection.fetch(self._queries[name], *arguments, timeout=current().remaining())
        metrics.QUERY_DURATION.labels(name).observe(time.perf_counter() - started)
        return rows

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

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=self._pool_size,
            timeout=3.0,
            command_timeout=DEFAULT_TIMEOUT_S,  # for what carries no deadline of its own: BEGIN, COMMIT, ROLLBACK
            reset=_keep,
            server_settings={"application_name": self._application_name, "jit": "off"},
        )

    async def close(self) -> None:
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), timeout=5.0)
            except TimeoutError:
                self._pool.terminate()

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        with _translated():
            async with self._acquire() as connection:
                return await connection.fetch(name, *arguments)

    async def fetchrow(self, name: str, *arguments: object) -> Record | None:
        rows = await self.fetch(name, *arguments)
        return rows[0] if rows else None

    async def execute(self, name: str, *arguments: object) -> None:
        await self.fetch(name, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One READ COMMITTED transaction: committed at the end of the block, rolled back when it raises."""
        with _translated():
            async with self._acquire() as connection, connection._connection.transaction():  # noqa: SLF001 - own class
                yield connection

    async def ping(self) -> None:
        """Raises StoreDown unless the database answers."""
        with _translated():
            async with self._acquire() as connection:
                await connection._connection.execute("SELECT 1")  # noqa: SLF001 - own class

    @asynccontextmanager
    async def _acquire(self) -> AsyncIterator[Transaction]:
        if self._pool is None or self._pool.is_closing():
            raise StoreDown("the database is not opened")
        started = time.perf_counter()
        async with self._pool.acquire(timeout=current().remaining()) as connection:
            metrics.POOL_WAIT.observe(time.perf_counter() - started)
            try:
                yield Transaction(connection, self._queries)
            except asyncpg.InterfaceError as error:
                # Said of a lost connection and of a wrong argument alike; only the first is the database's doing.
                if _is_lost(connection):
                    raise StoreDown("the database is not reachable") from error
                raise

    def watch_pool(self) -> None:
        """Publish the pool's size in `chassis.metrics`, read when scraped."""
        metrics.POOL_CONNECTIONS.labels("idle").set_function(lambda: self._pool.get_idle_size() if self._pool else 0)
        metrics.POOL_CONNECTIONS.labels("used").set_function(
            lambda: self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0
        )


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
