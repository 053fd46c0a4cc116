"""The PostgreSQL pool: queries are called by name, and a store that is away is `Unavailable`, not a stack trace."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Protocol

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from chassis import metrics
from chassis.context import RequestContext, current
from chassis.errors import Refusal
from chassis.postgres_errors import StoreDown, StoreReadOnly, StoreSlow, translated
from chassis.postgres_pool import CLEAN_UP_S, Pool, is_lost
from chassis.queries import Queries
from chassis.tracing import Kind, Span

logger = logging.getLogger(__name__)

_SYSTEM: Final = "postgresql"


class Connection(Protocol):
    """What a repository needs of a database: the pool itself, or one transaction of it."""

    async def fetch(self, name: str, *arguments: object) -> list[Record]: ...
    async def fetchrow(self, name: str, *arguments: object) -> Record | None: ...
    async def execute(self, name: str, *arguments: object) -> None: ...


class _Translated:
    """Violated constraints pass through, for the repository to recognise by their names."""

    # This and the next two are no generators, which every query would pay for with a dozen calls.

    __slots__ = ("_connection",)

    def __init__(self, connection: "PoolConnectionProxy[Record] | None" = None) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Refusal):
            return
        refusal = translated(error, is_lost=self._connection is None or is_lost(self._connection))
        if isinstance(refusal, StoreSlow):
            raise refusal from None
        if refusal is not None:
            logger.warning("database error", extra={"error": type(error).__name__, "reason": refusal.reason})
            raise refusal from error


class _Measured:
    """A metric for every query, and a step of the trace when that is sampled."""

    __slots__ = ("_context", "_name", "_started", "_step")

    def __init__(self, name: str, context: RequestContext) -> None:
        self._name = name
        self._context = context
        self._step: Span | None = None

    def __enter__(self) -> None:
        span = self._context.span
        if span is not None and span.is_sampled:
            self._step = span.child(self._name, Kind.CLIENT)
            self._step.attributes = {"db.system.name": _SYSTEM, "db.query.summary": self._name}
        self._started = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._started
        metrics.query_duration(_SYSTEM, self._name).observe(seconds, self._context.exemplar)
        if self._step is not None:
            self._step.end(kind.__name__ if kind else "")


class Transaction:
    """A connection inside a transaction. Use it only inside `Database.transaction`."""

    def __init__(self, connection: "PoolConnectionProxy[Record]", queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        context = current()
        with _Measured(name, context):
            return await self._connection.fetch(self._queries[name], *arguments, timeout=context.remaining())

    async def fetchmany(self, name: str, rows: Sequence[Sequence[object]]) -> list[Record]:
        context = current()
        with _Measured(name, context):
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
        self.pool_size = pool_size
        self._application_name = application_name
        self._pool: Pool | None = None
        self._probe: Pool | None = None

    async def open(self) -> None:
        self._pool = await Pool.open(self._dsn, size=self.pool_size, application_name=self._application_name)
        # Apart from the others, since a pool in full use is busy, not away.
        self._probe = await Pool.open(self._dsn, size=1, application_name=self._application_name)

    async def close(self) -> None:
        await asyncio.gather(*(pool.close() for pool in (self._pool, self._probe) if pool is not None))

    async def fetch(self, name: str, *arguments: object) -> list[Record]:
        async with _Acquired(self._pool) as connection:
            with _Translated(connection):
                return await Transaction(connection, self._queries).fetch(name, *arguments)

    async def fetchmany(self, name: str, rows: Sequence[Sequence[object]]) -> list[Record]:
        """Run the query with each of `rows`, all in one transaction; returns what all of them returned, in order."""
        async with _Acquired(self._pool) as connection:
            with _Translated(connection):
                return await Transaction(connection, self._queries).fetchmany(name, rows)

    async def fetchrow(self, name: str, *arguments: object) -> Record | None:
        rows = await self.fetch(name, *arguments)
        return rows[0] if rows else None

    async def execute(self, name: str, *arguments: object) -> None:
        await self.fetch(name, *arguments)

    @asynccontextmanager
    async def transaction(self, *, lock_timeout_ms: int | None = None) -> AsyncIterator[Transaction]:
        """One READ COMMITTED transaction: committed at the end of the block, rolled back when it raises.

        With `lock_timeout_ms`, a statement that waits longer for a lock raises StoreBusy.
        """
        begin = "BEGIN" if lock_timeout_ms is None else f"BEGIN; SET LOCAL lock_timeout = {lock_timeout_ms}"
        async with _Acquired(self._pool) as connection:
            # Not asyncpg's own transaction: its statements know no deadline.
            try:
                with _Translated(connection):
                    await connection.execute(begin, timeout=current().remaining())
                    yield Transaction(connection, self._queries)
                    await _commit(connection)
            except BaseException:
                await _roll_back(connection)
                raise

    async def ping(self) -> None:
        """Raises StoreDown unless the database answers."""
        await self.probe("SELECT 1")

    async def check_writes(self) -> None:
        """Raises StoreReadOnly when the database answers and takes no changes, and then looks for another primary."""
        row = await self.probe("SHOW transaction_read_only")
        if row is not None and row[0] == "on":
            for pool in (self._probe, self._pool):
                if pool is not None:
                    pool.renew()
            raise StoreReadOnly("the database takes no changes now")

    async def probe(self, query: str, *arguments: object) -> Record | None:
        """A row that tells of the database itself, on a connection apart."""
        async with _Acquired(self._probe) as connection:
            with _Translated(connection):
                return await connection.fetchrow(query, *arguments, timeout=current().remaining())

    def watch_pool(self) -> None:
        """Publish the pool's size in `chassis.metrics`, read when scraped."""
        metrics.POOL_MAX.set(self.pool_size)
        metrics.POOL_CONNECTIONS.labels("idle").set_function(lambda: self._pool.idle if self._pool else 0)
        metrics.POOL_CONNECTIONS.labels("used").set_function(lambda: self._pool.used if self._pool else 0)


class _Acquired:
    """A connection of the pool, for the time of a block."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool | None) -> None:
        if pool is None or pool.is_closing:
            raise StoreDown("the database is not opened")
        self._pool = pool

    async def __aenter__(self) -> "PoolConnectionProxy[Record]":
        started = time.perf_counter()
        context = current()
        metrics.POOL_PENDING.value += 1
        try:
            with _Translated():
                self._connection = await self._pool.acquire(context.remaining())
        except StoreSlow:
            metrics.POOL_TIMEOUTS.inc()
            raise
        finally:
            metrics.POOL_PENDING.value -= 1
            metrics.POOL_WAIT.observe(time.perf_counter() - started, context.exemplar)
        return self._connection

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, StoreReadOnly):
            self._pool.renew()
        await self._pool.release(self._connection, is_sound=error is None)


async def _commit(connection: "PoolConnectionProxy[Record]") -> None:
    # PostgreSQL answers ROLLBACK, and calls it no error, when a query of the transaction had failed.
    context = current()
    with _Measured("COMMIT", context):
        answer = await connection.execute("COMMIT", timeout=context.remaining())
    if answer != "COMMIT":
        raise RuntimeError("the transaction was rolled back: a query in it had failed")


async def _roll_back(connection: "PoolConnectionProxy[Record]") -> None:
    """End the transaction, or the connection with it. Never raises: what led here is what the caller must hear."""
    ended = False
    try:
        async with asyncio.timeout(CLEAN_UP_S):
            await connection.execute("ROLLBACK")
        ended = True
    except Exception as error:
        logger.info("connection dropped, not rolled back", extra={"error": type(error).__name__})
    finally:
        if not ended and not is_lost(connection):
            connection.terminate()


def constraint_of(error: asyncpg.IntegrityConstraintViolationError) -> str:
    """The name of the violated constraint: the only part of the error a repository may decide by."""
    return getattr(error, "constraint_name", None) or ""
