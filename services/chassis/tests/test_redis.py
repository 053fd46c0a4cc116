import asyncio
import time

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chassis import redis


async def test_a_client_tells_the_server_who_it_is(redis_url: str):
    async with redis.connect(redis_url, name="gateway-1") as client:
        assert await client.set("key", "value")
        assert await client.get("key") == b"value"
        assert await client.client_getname() in (b"gateway-1", "gateway-1")


async def test_the_cache_and_the_streams_are_apart(redis_url: str, stream_url: str):
    async with redis.connect(redis_url, name="a") as cache, redis.connect(stream_url, name="b") as streams:
        await cache.set("key", "value")

        assert await streams.get("key") is None


async def test_a_server_that_is_not_there_fails_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(redis, "TIMEOUT_S", 60.0)
    client = redis.connect("redis://127.0.0.1:1/0", name="gateway-1", timeout_s=60.0)
    started = time.monotonic()

    with pytest.raises(RedisConnectionError):
        await client.get("key")

    assert time.monotonic() - started < 20.0, "not the 60 s of a timeout"
    await client.aclose()


async def test_a_server_that_hangs_costs_no_more_than_the_timeout():
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: held.append(writer), "127.0.0.1", 0)
    client = redis.connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", name="gateway-1")
    started = time.monotonic()

    with pytest.raises(RedisTimeoutError):
        await client.get("key")

    assert time.monotonic() - started < 40 * redis.TIMEOUT_S, "not for ever, also on a machine that stands still"
    await client.aclose()
    for writer in held:
        writer.close()
    server.close()
    await server.wait_closed()
