"""Invalidation: a write is acknowledged when no copy of what was there before can be read any more."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from chassis import cache_state as state_module
from chassis import invalidation as module
from chassis.cache_state import LEASE_S, CacheState
from chassis.errors import DeadlineExceeded, Unavailable
from chassis.invalidation import LEASE_PREFIX, Invalidation
from chassis.redis import connect
from localmesh.tcp_proxy import HEALTHY, Condition, TcpProxy

# What a machine that stands still may add; where it would hide a defect, a wait is made to take longer.
SLACK_S = 20.0
LONG_S = 60.0
LEASE_MS = int(LEASE_S * 1000)

OpenWriter = Callable[..., Awaitable[Invalidation]]


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url, name="onlooker", timeout_s=LONG_S) as redis:
        await redis.mset({name: b"old" for key in ("a", "b") for name in (key, LEASE_PREFIX + key)})
        yield redis


@pytest.fixture
async def path(redis_url: str, proxy_to) -> tuple[TcpProxy, str]:
    """The way of the writers to the cache."""
    return await proxy_to(redis_url)


@pytest.fixture
async def open_writer(path: tuple[TcpProxy, str], cache_state: CacheState) -> AsyncIterator[OpenWriter]:
    """`await open_writer()` is a replica's invalidation behind the proxy, or at another URL."""
    async with AsyncExitStack() as cleanup:

        async def open_(url: str = path[1], state: CacheState = cache_state) -> Invalidation:
            redis = await cleanup.enter_async_context(connect(url, name="writer"))
            return await cleanup.enter_async_context(aclosing(Invalidation(redis, state)))

        yield open_


@pytest.fixture
async def writer(open_writer: OpenWriter) -> Invalidation:
    return await open_writer()


@pytest.fixture
def leases_last(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """How long a writer waits for leases to expire, from now on."""
    return lambda seconds: monkeypatch.setattr(module, "LEASE_S", seconds)


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(SLACK_S):
        while not is_true():
            await asyncio.sleep(0.001)


async def until_suspended(state: CacheState, *, suspended: bool = True) -> None:
    async with asyncio.timeout(SLACK_S):
        while bool((await state.lease()).milliseconds) is suspended:
            await asyncio.sleep(0.005)


async def test_unlink_deletes_copy_and_fill_lease(writer: Invalidation, cache: Redis):
    await writer.run(["a"])
    assert set(await cache.keys()) == {b"b", LEASE_PREFIX.encode() + b"b"}


async def test_unlink_of_many_keys_is_one_command(open_writer: OpenWriter, redis_url: str, cache: Redis):
    await cache.config_resetstat()
    await (await open_writer(redis_url)).run(key for key in ("a", "b", "c"))
    assert (await cache.info("commandstats"))["cmdstat_unlink"]["calls"] == 1
    assert await cache.dbsize() == 0


async def test_nothing_is_sent_without_keys(open_writer: OpenWriter, cache_state: CacheState):
    await (await open_writer("redis://127.0.0.1:1/0")).run([])
    assert await cache_state.lease() == (1, LEASE_MS)


async def test_unlink_survives_a_broken_connection(writer: Invalidation, path, cache: Redis, cache_state: CacheState):
    await writer.run(["b"])
    path[0].set_condition(Condition(reset=True))
    path[0].set_condition(HEALTHY)
    await writer.run(["a"])
    assert not await cache.exists("a", LEASE_PREFIX + "a")
    assert await cache_state.lease() == (1, LEASE_MS)


@pytest.fixture(params=["refused", "reset", "stall_requests", "stall_replies", "maxclients", "forbidden"])
async def writer_without_cache(request, open_writer: OpenWriter, path, redis_url: str, cache: Redis):
    """A writer that cannot reach the cache, while `cache` can."""
    match request.param:
        case "refused":
            yield await open_writer("redis://127.0.0.1:1/0")
        case "maxclients":
            allowed = (await cache.config_get("maxclients"))["maxclients"]
            await cache.config_set("maxclients", len(await cache.client_list()))
            yield await open_writer()
            await cache.config_set("maxclients", allowed)
        case "forbidden":
            await cache.acl_setuser("forbidden", enabled=True, nopass=True, keys=["*"], commands=["+ping", "+client"])
            yield await open_writer(f"redis://forbidden:@{redis_url.rpartition('@')[2]}")
            await cache.acl_deluser("forbidden")
        case condition:
            path[0].set_condition(Condition(**{condition: True}))
            yield await open_writer()


async def test_unreachable_cache_suspends_until_leases_expired(
    writer_without_cache: Invalidation, cache_state: CacheState, caplog: pytest.LogCaptureFixture
):
    started = time.monotonic()
    with caplog.at_level(logging.WARNING):
        await writer_without_cache.run(["a"])
    assert LEASE_S < time.monotonic() - started < LEASE_S + SLACK_S
    assert await cache_state.lease() == (2, 0)
    assert [record.message for record in caplog.records] == ["cache unreachable, caching is suspended"]


async def test_later_writes_extend_the_suspension_without_waiting(
    open_writer: OpenWriter, cache_state: CacheState, leases_last
):
    leases_last(0.1)
    writer = await open_writer("redis://127.0.0.1:1/0")
    await writer.run(["a"])
    leases_last(LONG_S)
    async with asyncio.timeout(SLACK_S):
        for _ in range(3):
            await writer.run(["a"])
    assert await cache_state.lease() == (2, 0)


async def test_each_writer_waits_for_leases_once(open_writer: OpenWriter, cache_state: CacheState, leases_last):
    """It does not know when another one's suspension began."""
    leases_last(0.1)
    await (await open_writer("redis://127.0.0.1:1/0")).run(["a"])
    leases_last(LONG_S)
    other = await open_writer("redis://127.0.0.1:1/0")
    writing = asyncio.create_task(other.run(["a"]))
    await until(lambda: other._leases_expired_at)
    assert not writing.done()
    assert await cache_state.lease() == (2, 0)
    writing.cancel()


async def test_lapsed_suspension_begins_anew_and_is_waited_for(
    open_writer: OpenWriter, cache_state: CacheState, leases_last, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(state_module, "SUSPENSION", timedelta())
    monkeypatch.setattr(module, "_PROBE_EVERY_S", LONG_S)
    leases_last(0.1)
    writer = await open_writer("redis://127.0.0.1:1/0")
    await writer.run(["a"])
    # Whoever asks for a lease ends it; the next one may be granted.
    await cache_state.lease()
    assert await cache_state.lease() == (2, LEASE_MS)
    leases_last(LONG_S)
    writing = asyncio.create_task(writer.run(["a"]))
    await until(lambda: writer._generation == 3)
    assert not writing.done()
    writing.cancel()


async def test_suspension_lasts_while_redis_is_unreachable(
    open_writer: OpenWriter, path, cache: Redis, cache_state: CacheState, leases_last, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(state_module, "SUSPENSION", timedelta(seconds=1))
    monkeypatch.setattr(module, "_PROBE_EVERY_S", 0.01)
    leases_last(0.1)
    path[0].set_condition(Condition(reset=True))
    writer = await open_writer()
    await writer.run(["a"])
    give_up = time.monotonic() + 1.2
    while time.monotonic() < give_up:  # nobody writes meanwhile
        assert await cache_state.lease() == (2, 0)
        await asyncio.sleep(0.01)
    path[0].set_condition(HEALTHY)
    await until_suspended(cache_state, suspended=False)
    assert await cache_state.lease() == (2, LEASE_MS)
    await writer.run(["a"])
    assert not await cache.exists("a", LEASE_PREFIX + "a")


async def test_write_fails_when_neither_store_confirms(open_writer: OpenWriter, cache_state: CacheState):
    await cache_state._database.close()
    writer = await open_writer("redis://127.0.0.1:1/0")
    with pytest.raises((Unavailable, DeadlineExceeded)):
        await writer.run(["a"])


async def test_writes_that_fail_together_share_a_statement(
    open_writer: OpenWriter, cache_state: CacheState, leases_last, monkeypatch: pytest.MonkeyPatch
):
    leases_last(0.1)
    monkeypatch.setattr(module, "_PROBE_EVERY_S", LONG_S)
    writer = await open_writer("redis://127.0.0.1:1/0")
    await writer.run(["a"])
    statements = 0
    suspend = cache_state.suspend

    async def counted() -> int:
        nonlocal statements
        statements += 1
        return await suspend()

    monkeypatch.setattr(cache_state, "suspend", counted)
    await asyncio.gather(*(writer.run(["a"]) for _ in range(100)))
    assert 1 <= statements <= 3
