"""TCP proxy in the path to a real Valkey: what each condition of the path does to a client."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from localmesh.tcp_proxy import HEALTHY, Condition

ONE_WAY = pytest.mark.parametrize("direction", ["stall_requests", "stall_replies"])


@pytest.fixture
async def path(redis_url, proxy_to):
    """The proxy, and a client that uses it."""
    proxy, url = await proxy_to(redis_url)
    async with Redis.from_url(url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)) as client:
        yield proxy, client


async def test_healthy_path_forwards_both_ways(path):
    _, client = path
    await client.set("key", b"x" * 1_000_000)
    assert await client.get("key") == b"x" * 1_000_000


@ONE_WAY
async def test_stalled_direction_delivers_after_healing(path, redis_url, direction):
    proxy, client = path
    await client.set("key", "old")
    proxy.set_condition(Condition(**{direction: True}))
    with pytest.raises(RedisTimeoutError):
        await client.set("key", "new")
    async with Redis.from_url(redis_url) as direct:
        # A request that arrived took effect, although its reply never came.
        assert await direct.get("key") == (b"old" if direction == "stall_requests" else b"new")
        proxy.set_condition(HEALTHY)
        async with asyncio.timeout(20):
            while await direct.get("key") != b"new":
                await asyncio.sleep(0.001)
    assert await client.get("key") == b"new"


async def test_reset_path_aborts_open_and_new_connections(path):
    proxy, client = path
    await client.ping()
    proxy.set_condition(Condition(reset=True))
    for _ in range(2):
        with pytest.raises(RedisConnectionError):
            await client.ping()
    proxy.set_condition(HEALTHY)
    assert await client.ping()
