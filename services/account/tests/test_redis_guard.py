"""Calls to a Redis that may be away: none fails, and only one a second waits for it."""

import logging
import time

import pytest

from account.redis_guard import RedisGuard
from chassis import redis


async def test_a_redis_that_hangs_is_waited_for_once_a_second_at_most(breakable_valkey):
    async with redis.connect(breakable_valkey.url, name="test") as client:
        guard = RedisGuard()
        assert await guard.attempt(client.ping)
        breakable_valkey.pause()
        await guard.attempt(client.ping)
        started = time.perf_counter()
        for _ in range(300):
            assert await guard.attempt(client.ping) is None
        assert time.perf_counter() - started < 25, f"not 300 times {redis.TIMEOUT_S} s"


@pytest.mark.usefixtures("unhurried")
async def test_a_lost_redis_is_logged_once_and_so_is_its_return(breakable_valkey, caplog):
    caplog.set_level(logging.INFO, "account.redis_guard")
    async with redis.connect(breakable_valkey.url, name="test", timeout_s=redis.TIMEOUT_S) as client:
        guard = RedisGuard()
        breakable_valkey.stop()
        for _ in range(10):
            assert await guard.attempt(client.ping) is None
        breakable_valkey.start()
        deadline = time.monotonic() + 60
        while await guard.attempt(client.ping) is None and time.monotonic() < deadline:
            pass
        assert [record.getMessage().split(":")[0] for record in caplog.records] == ["redis away", "redis back"]
