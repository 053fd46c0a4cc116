"""Sessions in Redis: what is found, and when it counts for nothing."""

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from account import session_cache
from account.domain import Role, Session
from account.session_cache import SessionCache
from chassis import redis


def session(token_hash=b"t" * 32):
    begin = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    return Session(str(uuid4()), str(uuid4()), Role.SELLER, token_hash, begin, begin + timedelta(minutes=30))


@pytest.fixture
async def client(redis_url):
    async with redis.connect(redis_url, name="test", timeout_s=redis.TIMEOUT_S) as client:
        yield client


@pytest.mark.usefixtures("unhurried")
async def test_a_session_is_found_as_it_was_written_by_every_replica(client):
    written = [session(), session(b"u" * 32)]
    await SessionCache(client).write(written, time.time())
    found = await SessionCache(client).read([b"t" * 32, b"u" * 32, b"v" * 32])
    assert found == {entry.token_hash: entry for entry in written}


async def test_what_postgresql_said_half_a_second_ago_counts_for_nothing(client):
    cache = SessionCache(client)
    await cache.write([session()], time.time() - 0.5)
    assert await cache.read([b"t" * 32]) == {}


async def test_what_postgresql_will_say_counts_for_nothing(client):
    cache = SessionCache(client)
    await cache.write([session()], time.time() + 60)
    assert await cache.read([b"t" * 32]) == {}


@pytest.mark.usefixtures("unhurried")
async def test_an_entry_leaves_redis_by_itself(client):
    await SessionCache(client).write([session()], time.time())
    [key] = await client.keys("*")
    assert 0 < await client.pttl(key) <= session_cache._LIFETIME_MS


def test_an_entry_leaves_redis_when_it_counts_for_nothing():
    assert session_cache._LIFETIME_MS == session_cache._MAX_AGE_S * 1000 == 500


@pytest.mark.usefixtures("unhurried")
async def test_a_removed_session_is_not_found(client):
    cache = SessionCache(client)
    await cache.write([session(), session(b"u" * 32)], time.time())
    await cache.remove(b"t" * 32)
    assert list(await cache.read([b"t" * 32, b"u" * 32])) == [b"u" * 32]


@pytest.mark.usefixtures("unhurried")
async def test_an_entry_that_is_none_is_not_found(client):
    cache = SessionCache(client)
    await cache.write([session()], time.time())
    [key] = await client.keys("*")
    await client.set(key, b"garbage")
    assert await cache.read([b"t" * 32]) == {}
    await client.delete(key)
    await client.hset(key, "a", "b")
    assert await cache.read([b"t" * 32]) == {}


async def test_a_redis_that_hangs_is_waited_for_once_a_second_at_most(breakable_valkey):
    async with redis.connect(breakable_valkey.url, name="test") as client:
        cache = SessionCache(client)
        await cache.write([session()], time.time())
        breakable_valkey.pause()
        await cache.read([b"t" * 32])
        started = time.perf_counter()
        for _ in range(100):
            assert await cache.read([b"t" * 32]) == {}
            await cache.write([session()], time.time())
            await cache.remove(b"t" * 32)
        assert time.perf_counter() - started < 25, f"not 300 times {redis.TIMEOUT_S} s"


@pytest.mark.usefixtures("unhurried")
async def test_a_lost_redis_is_logged_once_and_so_is_its_return(breakable_valkey, caplog):
    caplog.set_level(logging.INFO, "account.redis_guard")
    async with redis.connect(breakable_valkey.url, name="test", timeout_s=redis.TIMEOUT_S) as client:
        cache = SessionCache(client)
        breakable_valkey.stop()
        for _ in range(10):
            assert await cache.read([b"t" * 32]) == {}
        breakable_valkey.start()
        deadline = time.monotonic() + 60
        while await cache.read([b"t" * 32]) == {} and time.monotonic() < deadline:
            await cache.write([replace(session())], time.time())
        assert [record.getMessage().split(":")[0] for record in caplog.records] == ["redis away", "redis back"]
