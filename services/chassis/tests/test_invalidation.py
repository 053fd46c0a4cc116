"""A write is answered when no copy of what was there before can be met any more."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from chassis import invalidation as module
from chassis.invalidation import COPIES_DIE_WITHIN_S, LEASE_PREFIX, Invalidation
from chassis.redis import connect

# What a machine that stands still may add; where it would hide a defect, that is made to take `LONG_S`.
SLACK_S = 20.0
LONG_S = 60.0


class Forwarder:
    """Between a client and the real cache: it forwards, or it hangs and takes connections nobody answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []

    def hang(self) -> None:
        """Connections that are open stay so, and say nothing."""
        self._open.clear()

    def answer(self) -> None:
        self._open.set()

    def break_connections(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await self._open.wait()
        from_cache, to_cache = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(to_cache)
        await asyncio.gather(self._pass(reader, to_cache), self._pass(from_cache, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
def copies_die_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silence is waited for so long that nobody takes it for a slow machine."""
    monkeypatch.setattr(module, "COPIES_DIE_WITHIN_S", LONG_S)


@pytest.fixture
async def forwarder(redis_url: str) -> AsyncIterator[tuple[Forwarder, str]]:
    """The forwarder, and the cache's URL by way of it."""
    credentials, _, address = redis_url.rpartition("@")
    forwarder = Forwarder(int(address.partition("/")[0].rpartition(":")[2]))
    server = await asyncio.start_server(forwarder.serve, "127.0.0.1", 0)
    yield forwarder, f"{credentials}@127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    server.close()
    forwarder.answer()
    forwarder.break_connections()
    await server.wait_closed()


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url, name="onlooker", timeout_s=LONG_S) as redis:
        await redis.mset({name: b"old" for key in ("a", "b") for name in (key, LEASE_PREFIX + key)})
        yield redis


@pytest.fixture
async def writer(forwarder: tuple[Forwarder, str]) -> AsyncIterator[Invalidation]:
    async with connect(forwarder[1], name="writer") as redis:
        yield Invalidation(redis)


async def seconds_of(writer: Invalidation, *keys: str) -> float:
    started = time.monotonic()
    await writer.run(keys)
    return time.monotonic() - started


async def until(is_true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.001)


@pytest.mark.usefixtures("copies_die_late")
async def test_a_copy_and_its_lease_are_deleted_and_others_stay(writer: Invalidation, cache: Redis):
    await writer.run(["a"])
    assert set(await cache.keys()) == {b"b", LEASE_PREFIX.encode() + b"b"}


async def test_many_keys_take_one_command(redis_url: str, cache: Redis):
    await cache.config_resetstat()
    async with connect(redis_url, name="writer", timeout_s=LONG_S) as redis:
        await Invalidation(redis).run(key for key in ("a", "b", "c"))
    assert (await cache.info("commandstats"))["cmdstat_unlink"]["calls"] == 1
    assert await cache.dbsize() == 0


async def test_without_keys_nothing_is_asked(caplog: pytest.LogCaptureFixture):
    async with connect("redis://127.0.0.1:1/0", name="writer") as redis:
        await Invalidation(redis).run([])
    assert not caplog.records


@pytest.mark.usefixtures("copies_die_late")
async def test_a_cache_that_refuses_connections_costs_nothing_noticeable():
    async with connect("redis://127.0.0.1:1/0", name="writer") as redis:
        writer = Invalidation(redis)
        for _ in range(3):
            assert await seconds_of(writer, "a") < SLACK_S


async def test_a_cache_that_hangs_is_waited_for_until_copies_are_dead_and_later_writes_ask_once(
    forwarder: tuple[Forwarder, str],
    writer: Invalidation,
    cache: Redis,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    attempts = 0
    unlink = writer._redis.unlink

    async def counted(*names: str) -> int:
        nonlocal attempts
        attempts += 1
        return await unlink(*names)

    monkeypatch.setattr(writer._redis, "unlink", counted)
    forwarder[0].hang()
    with caplog.at_level(logging.WARNING):
        assert COPIES_DIE_WITHIN_S <= await seconds_of(writer, "a") < COPIES_DIE_WITHIN_S + SLACK_S
        for _ in range(2):
            attempts = 0
            await writer.run(["b"])
            assert attempts == 1
    # Once for the whole silence, whoever meets it.
    assert [record.message for record in caplog.records] == ["cache does not answer"]


@pytest.mark.usefixtures("copies_die_late")
async def test_a_cache_that_comes_back_in_time_is_asked_again(
    forwarder: tuple[Forwarder, str], writer: Invalidation, cache: Redis
):
    forwarder[0].hang()
    writing = asyncio.create_task(writer.run(["a"]))
    await until(lambda: writer._silent_since)
    assert not writing.done()
    forwarder[0].answer()
    await asyncio.wait_for(writing, SLACK_S)
    assert not await cache.exists("a", LEASE_PREFIX + "a")


@pytest.mark.usefixtures("copies_die_late")
async def test_a_broken_connection_is_no_silence(forwarder: tuple[Forwarder, str], writer: Invalidation, cache: Redis):
    await writer.run(["b"])
    forwarder[0].break_connections()
    assert await seconds_of(writer, "a") < SLACK_S
    assert not await cache.exists("a", LEASE_PREFIX + "a")


async def test_the_end_of_a_silence_is_noticed_while_nobody_writes(
    forwarder: tuple[Forwarder, str], writer: Invalidation, cache: Redis, monkeypatch: pytest.MonkeyPatch
):
    """The next silence may be a short one, which gateways never notice: it is waited for like the first."""
    monkeypatch.setattr(module, "COPIES_DIE_WITHIN_S", 0.6)
    forwarder[0].hang()
    await writer.run(["a"])
    forwarder[0].answer()
    await until(lambda: writer._silent_since is None)
    monkeypatch.setattr(module, "COPIES_DIE_WITHIN_S", LONG_S)
    await cache.set("b", b"filled meanwhile")
    forwarder[0].hang()
    writing = asyncio.create_task(writer.run(["b"]))
    await until(lambda: writer._silent_since)
    forwarder[0].answer()
    await writing
    assert not await cache.exists("b", LEASE_PREFIX + "b")
    await until(lambda: writer._listening is not None and writer._listening.done())


async def test_a_cache_that_answers_but_refuses_to_delete_is_not_waited_for_for_ever(
    redis_url: str, cache: Redis, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "COPIES_DIE_WITHIN_S", 0.3)
    address = redis_url.rpartition("@")[2]
    await cache.acl_setuser("forbidden", enabled=True, nopass=True, keys=["*"], commands=["+ping", "+client"])
    try:
        async with connect(f"redis://forbidden:@{address}", name="writer") as redis:
            assert await redis.ping()
            assert 0.3 < await seconds_of(Invalidation(redis), "a") < 0.3 + SLACK_S
    finally:
        await cache.acl_deluser("forbidden")
