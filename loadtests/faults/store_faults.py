"""Faults inside the stores: connection limits, a read-only or full database, slow commits, a locked row.

Each lasts as long as its block. Its end is insisted on, since the store may be killed or paused meanwhile.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from loadtests.faults.state import database_dsn

_BEGUN_WITHIN_S = 20.0
_ENDED_WITHIN_S = 60.0
_TRY_AGAIN_S = 0.2
_USUAL_CLIENTS = 10_000
_Errors = tuple[type[Exception], ...]
_LOCKED: _Errors = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_AWAY: _Errors = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
_DISK_FULL = """
SET LOCAL lock_timeout = '1s';
CREATE OR REPLACE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$;
DO $$
DECLARE name regclass;
BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format(
            'CREATE TRIGGER disk_is_full BEFORE INSERT OR UPDATE ON %s EXECUTE FUNCTION disk_is_full()', name
        );
    END LOOP;
END $$;
"""
_LOSE_CONNECTIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid % 2 = 0
    AND pid <> pg_backend_pid()
"""
_DISK_FREE = "SET LOCAL lock_timeout = '1s'; DROP FUNCTION IF EXISTS disk_is_full CASCADE;"


@asynccontextmanager
async def cache_at_connection_limit(url: str, *, drop: bool = True) -> AsyncIterator[None]:
    """Valkey accepts no connection more. With `drop` those it has are closed, and new ones are rejected."""
    async with Redis.from_url(url, single_connection_client=True, socket_timeout=10) as admin:
        await admin.config_set("maxclients", 1)
        for kind in ("normal", "pubsub") if drop else ():
            await admin.client_kill_filter(_type=kind, skipme=True)
        try:
            yield
        finally:
            with suppress(RedisError, OSError):  # it was killed: the next one starts with the usual limit
                await admin.config_set("maxclients", _USUAL_CLIENTS)


@asynccontextmanager
async def database_at_connection_limit(postgres: str, database: str) -> AsyncIterator[None]:
    """A service gets no connection more, and every other one of all databases is lost."""
    limit = f"ALTER DATABASE {database} CONNECTION LIMIT"
    async with _changed(postgres, "postgres", (f"{limit} 0", _LOSE_CONNECTIONS), (f"{limit} -1",)):
        yield


@asynccontextmanager
async def read_only(postgres: str) -> AsyncIterator[None]:
    """Every transaction of every database is read-only, as on a primary that was demoted."""
    setting = "default_transaction_read_only"
    async with _setting(postgres, {setting: "on"}):
        yield


@asynccontextmanager
async def slow_disk(postgres: str) -> AsyncIterator[None]:
    """Each commit waits 100 ms before it is flushed, which is the most that PostgreSQL can be told to."""
    async with _setting(postgres, {"commit_delay": "100000", "commit_siblings": "0"}):
        yield


@asynccontextmanager
async def disk_full(postgres: str, database: str) -> AsyncIterator[None]:
    """Each insert and update fails as on a full disk, by a trigger: a real one needs a file system of its own."""
    async with _changed(postgres, database, (_DISK_FULL,), (_DISK_FREE,)):
        yield


@asynccontextmanager
async def locked_item(postgres: str, item_id: str) -> AsyncIterator[None]:
    """A transaction that never goes on holds the row of an item."""
    connection = await _connect(postgres, "catalog")
    try:
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        await connection.execute("BEGIN")
        await connection.fetch("SELECT id FROM items WHERE id = $1 FOR UPDATE", int(item_id))
        yield
    finally:
        connection.terminate()


@asynccontextmanager
async def _setting(postgres: str, settings: dict[str, str]) -> AsyncIterator[None]:
    reload = "SELECT pg_reload_conf()"
    begin = (*(f"ALTER SYSTEM SET {name} = {value}" for name, value in settings.items()), reload)
    end = (*(f"ALTER SYSTEM RESET {name}" for name in settings), reload)
    async with _changed(postgres, "postgres", begin, end):
        yield


@asynccontextmanager
async def _changed(postgres: str, database: str, begin: tuple[str, ...], end: tuple[str, ...]) -> AsyncIterator[None]:
    try:
        await _insist(postgres, database, begin, in_spite_of=_LOCKED, for_s=_BEGUN_WITHIN_S)
        yield
    finally:
        await asyncio.shield(_insist(postgres, database, end, in_spite_of=_AWAY, for_s=_ENDED_WITHIN_S))


async def _insist(
    postgres: str, database: str, statements: tuple[str, ...], *, in_spite_of: _Errors, for_s: float
) -> None:
    deadline = time.monotonic() + for_s
    while True:
        try:
            return await _execute(postgres, database, statements)
        except in_spite_of:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_TRY_AGAIN_S)


async def _execute(postgres: str, database: str, statements: tuple[str, ...]) -> None:
    """Each statement by itself: ALTER SYSTEM runs in no transaction with others."""
    connection = await _connect(postgres, database)
    try:
        for statement in statements:
            await connection.execute(statement, timeout=5)
    finally:
        connection.terminate()


async def _connect(postgres: str, database: str) -> asyncpg.Connection:
    settings = {"default_transaction_read_only": "off"}
    return await asyncpg.connect(database_dsn(postgres, database), timeout=5, server_settings=settings)
