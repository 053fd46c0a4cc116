"""Faults inside real stores: each fails what it should, and has ended after its block."""

import asyncpg
import pytest
from loadtests.faults.store_faults import cache_at_connection_limit, disk_full, read_only, slow_disk
from redis.asyncio import Redis
from redis.exceptions import RedisError

INSERT = "INSERT INTO things VALUES (1)"


@pytest.fixture
async def dsn(database_for):
    """A database with one table."""
    dsn = await database_for(None)
    await execute(dsn, "CREATE TABLE things (id bigint)")
    return dsn


async def execute(dsn, statement):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_read_only_databases_take_no_writes_until_it_ends(dsn):
    async with read_only(dsn):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await execute(dsn, INSERT)
        assert await execute(dsn, "SELECT count(*) FROM things") == 0
    await execute(dsn, INSERT)


async def test_a_full_database_takes_no_inserts_until_it_ends(dsn):
    database = dsn.rpartition("/")[2]
    async with disk_full(dsn, database):
        with pytest.raises(asyncpg.DiskFullError):
            await execute(dsn, INSERT)
    await execute(dsn, INSERT)


async def test_a_slow_disk_delays_each_commit_until_it_ends(dsn):
    async with slow_disk(dsn):
        assert await execute(dsn, "SHOW commit_delay") == "100000"
    assert await execute(dsn, "SHOW commit_delay") == "0"


async def test_a_full_cache_turns_connections_away_until_it_ends(redis_url):
    async with Redis.from_url(redis_url) as client, cache_at_connection_limit(redis_url):
        with pytest.raises((RedisError, OSError)):
            await client.ping()
    async with Redis.from_url(redis_url) as client:
        assert await client.ping()
