"""A PostgreSQL that stops and comes back, and one that hangs without a word."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import asyncpg
import pytest

from chassis import readiness
from chassis.postgres_errors import StoreDown, StoreSlow
from localmesh.ports import PortBlock
from localmesh.postgres import Postgres

# A machine that stands still may add this; what these tests guard against would take three times as long, or for ever.
SLACK_S = 20.0


class Server:
    """A PostgreSQL of this test alone."""

    def __init__(self, directory: Path, port: int) -> None:
        self._postgres = Postgres(directory / "postgres", port, "secret", durable=False)
        self._log = directory / "postgres.log"
        self._process: Popen[bytes] | None = None
        self._postgres.prepare()
        self.dsn = self._postgres.dsn("postgres")

    async def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = self._postgres.launch(output.fileno())
        async with asyncio.timeout(60):
            while not await self._answers():
                pass

    async def _answers(self) -> bool:
        with suppress(OSError, asyncpg.CannotConnectNowError):
            await (await asyncpg.connect(self.dsn)).close()
            return True
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(self._postgres.stop_signal)
            self._process.wait(60)
            self._process = None


@pytest.fixture
def server(ports: PortBlock) -> Iterator[Server]:
    with TemporaryDirectory(prefix="agora-tests-") as directory:
        server = Server(Path(directory), ports.take())
        yield server
        server.stop()


class Door:
    """A way to PostgreSQL that can fall silent: connections stay open, but nothing passes any more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._visits: set[asyncio.Task[None]] = set()

    def fall_silent(self) -> None:
        self._passing.clear()

    def open(self) -> None:
        self._passing.set()

    async def close(self) -> None:
        self.open()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visits.add(asyncio.ensure_future(self._visit(reader, writer)))

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, inner_writer}
        await asyncio.gather(self._pass(reader, inner_writer), self._pass(inner_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._passing.wait()
                writer.write(data)
        writer.close()


@pytest.fixture
async def door(stores, open_pool) -> AsyncIterator[tuple[Door, str]]:
    """A door and the DSN that leads through it. It is taken away before the pools are closed."""
    dsn = stores.postgres_dsn()
    door = Door(urlsplit(dsn).port or 0)
    listener = await asyncio.start_server(door.enter, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    yield door, dsn.replace(f":{urlsplit(dsn).port}/", f":{port}/")
    listener.close()
    await door.close()
    await listener.wait_closed()


async def test_a_stopped_database_is_down_quickly_and_its_return_is_noticed_by_the_same_pool(server, open_pool):
    database = await open_pool(dsn=server.dsn)
    with pytest.raises(StoreDown):
        await database.ping()

    await server.start()
    await asyncio.gather(database.fetch("backend"), database.fetch("backend"))
    hanging = asyncio.ensure_future(database.fetch("sleep", 60))
    await database.fetch("backend")
    await asyncio.to_thread(server.stop)

    with pytest.raises(StoreDown):
        await hanging
    started = time.monotonic()
    for _ in range(10):
        with pytest.raises(StoreDown):
            await database.fetch("backend")
        with pytest.raises(StoreDown):
            async with database.transaction():
                pass
    assert time.monotonic() - started < SLACK_S, "not 20 times the 3 s that connecting may take"

    await server.start()
    assert await database.fetch("backend")


async def test_a_silent_database_is_slow_at_the_deadline(door, open_pool, request_context):
    way, dsn = door
    database = await open_pool(dsn=dsn)
    await database.ping()
    way.fall_silent()
    request_context.deadline = time.monotonic() + 0.3

    with pytest.raises(StoreSlow):
        await database.fetch("backend")

    assert time.monotonic() - request_context.deadline < SLACK_S


@pytest.mark.parametrize("step", ["begin", "query", "commit"])
async def test_a_transaction_on_a_silent_database_ends_by_the_deadline(door, open_pool, request_context, step: str):
    way, dsn = door
    database = await open_pool(dsn=dsn)
    await database.fetch("backend")

    def fall_silent() -> None:
        way.fall_silent()
        request_context.deadline = time.monotonic() + 0.3

    async def use() -> None:
        if step == "begin":
            fall_silent()
        async with database.transaction() as transaction:
            await transaction.fetch("backend")
            if step == "query":
                fall_silent()
            await transaction.fetch("backend")
            fall_silent()

    with pytest.raises((StoreSlow, StoreDown)):
        await use()

    assert time.monotonic() - request_context.deadline < SLACK_S


async def test_a_silent_database_that_speaks_again_works_again(door, open_pool, request_context):
    way, dsn = door
    database = await open_pool(1, dsn)
    await database.ping()
    way.fall_silent()
    request_context.deadline = time.monotonic() + 0.2
    with pytest.raises(StoreSlow):
        await database.fetch("backend")

    way.open()
    request_context.deadline = time.monotonic() + 30.0

    assert await database.fetch("backend")


async def test_a_silent_database_is_found_not_ready_within_its_second(door, open_pool, monkeypatch):
    way, dsn = door
    database = await open_pool(dsn=dsn)
    with monkeypatch.context() as patient:
        patient.setattr(readiness, "_TIMEOUT_S", 30.0)
        assert await readiness.check_all({"postgresql": database.ping}) == {"postgresql": True}
    way.fall_silent()
    started = time.monotonic()

    assert await readiness.check_all({"postgresql": database.ping}) == {"postgresql": False}

    assert time.monotonic() - started < SLACK_S
