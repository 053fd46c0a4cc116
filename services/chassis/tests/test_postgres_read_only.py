"""A PostgreSQL that takes no changes, holds a lock, or has no connection left."""

import asyncio
import time

import asyncpg
import pytest

from chassis import postgres_pool
from chassis.postgres import Database
from chassis.postgres_errors import StoreBusy, StoreDown, StoreReadOnly


@pytest.fixture
async def set_read_only(database: Database, database_server):
    """`await set_read_only(True)`: sessions that begin from now on take no changes, as those of a standby."""
    name = (await database.fetchrow("database_name"))["name"]

    async def set_(read_only: bool) -> None:
        await database_server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {read_only}")

    return set_


@pytest.fixture
def renew_at_once(monkeypatch):
    monkeypatch.setattr(postgres_pool, "_RENEWAL_S", 0.0)


async def test_a_read_only_database_serves_reads_and_takes_no_changes(database, open_pool, set_read_only):
    await database.fetch("add_item", 1, "book")
    await set_read_only(True)
    later = await open_pool()

    assert len(await later.fetch("list_items")) == 1
    with pytest.raises(StoreReadOnly) as met:
        await later.fetch("add_item", 2, "lamp")
    with pytest.raises(StoreReadOnly):
        async with later.transaction() as transaction:
            await transaction.fetch("add_item", 2, "lamp")

    assert met.value.reason == "STORE_READ_ONLY"
    assert len(await later.fetch("list_items")) == 1


async def test_a_pool_finds_the_primary_again_after_a_failover(database, open_pool, set_read_only, renew_at_once):
    await set_read_only(True)
    later = await open_pool()
    with pytest.raises(StoreReadOnly):
        await later.fetch("add_item", 1, "book")

    await set_read_only(False)

    async with asyncio.timeout(30):
        while True:
            try:
                await later.fetch("add_item", 1, "book")
                break
            except StoreReadOnly:
                await asyncio.sleep(0.01)


async def test_a_probe_tells_a_read_only_database_and_renews_the_pool(
    database, open_pool, set_read_only, renew_at_once
):
    await set_read_only(True)
    later = await open_pool()
    with pytest.raises(StoreReadOnly):
        await later.fetch("add_item", 1, "book")
    await later.ping()
    with pytest.raises(StoreReadOnly):
        await later.check_writes()

    await set_read_only(False)
    async with asyncio.timeout(30):
        while True:
            try:
                await later.check_writes()
                break
            except StoreReadOnly:
                await asyncio.sleep(0.01)

    assert await later.fetch("add_item", 1, "book")


async def test_read_only_answers_do_not_make_a_pool_reconnect_each_time(database, open_pool, set_read_only):
    await set_read_only(True)
    later = await open_pool(1)
    pids = set()
    for _ in range(20):
        with pytest.raises(StoreReadOnly):
            await later.fetch("add_item", 1, "book")
        pids.add((await later.fetchrow("backend"))["pid"])

    assert len(pids) <= 2


async def test_a_lock_that_is_held_is_busy_and_not_internal(database, open_pool):
    await database.fetch("add_item", 1, "book")
    async with database.transaction() as transaction:
        await transaction.fetch("lock_item", 1)
        started = time.monotonic()
        with pytest.raises(StoreBusy) as met:
            await (await open_pool(1)).fetch("lock_item", 1)

    assert not met.value.is_retryable
    assert 1.5 < time.monotonic() - started < 20.0, "as long as lock_timeout, and no longer"


async def test_an_idle_transaction_ends_and_frees_its_locks(database, open_pool, monkeypatch):
    settings = postgres_pool._SESSION_SETTINGS | {"idle_in_transaction_session_timeout": "100ms"}
    monkeypatch.setattr(postgres_pool, "_SESSION_SETTINGS", settings)
    forgetful = await open_pool(1)
    await database.fetch("add_item", 1, "book")

    with pytest.raises(StoreDown):
        async with forgetful.transaction() as transaction:
            await transaction.fetch("lock_item", 1)
            await database.fetch("lock_item", 1)
            await transaction.fetch("lock_item", 1)


@pytest.mark.parametrize("name", ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"])
async def test_every_session_has_its_timeouts(database, name: str):
    assert (await database.fetchrow("setting", name))["value"] == postgres_pool._SESSION_SETTINGS[name]


@pytest.mark.parametrize("error", [asyncpg.DiskFullError, asyncpg.OutOfMemoryError, asyncpg.PostgresIOError])
async def test_a_server_without_resources_is_unavailable(database, error: type[asyncpg.PostgresError]):
    await database.execute("create_raise")
    with pytest.raises((StoreDown, StoreReadOnly)):
        await database.fetch("raise", error.sqlstate)


async def test_a_database_without_a_free_connection_is_down_and_returns(database, open_pool, database_server):
    name = (await database.fetchrow("database_name"))["name"]
    await database_server.execute(f"CREATE ROLE {name}_few LOGIN PASSWORD 'few' CONNECTION LIMIT 0")
    port = (await database.fetchrow("setting", "port"))["value"]
    limited = await open_pool(1, f"postgresql://{name}_few:few@127.0.0.1:{port}/{name}")
    try:
        with pytest.raises(StoreDown):
            await limited.fetch("backend")
        await database_server.execute(f"ALTER ROLE {name}_few CONNECTION LIMIT 1")
        assert await limited.fetch("backend")
    finally:
        await limited.close()
        await database_server.execute(f"DROP ROLE {name}_few")
