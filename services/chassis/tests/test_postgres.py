import asyncio
import time

import asyncpg
import pytest

from chassis.context import RequestContext
from chassis.postgres import Database, StoreDown, StoreSlow, constraint_of
from chassis.queries import Queries

QUERIES = Queries("""
-- create_item --
CREATE TABLE item (id bigint CONSTRAINT item_pkey PRIMARY KEY, name text CONSTRAINT item_name_check CHECK (name <> ''))
-- add_item --
INSERT INTO item (id, name) VALUES ($1, $2)
-- list_items --
SELECT id, name FROM item ORDER BY id
-- item_by_id --
SELECT id, name FROM item WHERE id = $1
-- sleep --
SELECT pg_sleep($1)
-- backend --
SELECT pg_backend_pid() AS pid
-- setting --
SELECT current_setting($1) AS value
-- terminate --
SELECT pg_terminate_backend($1)
""")


@pytest.fixture
async def open_pool(database_for):
    dsn = await database_for(None)
    opened: list[Database] = []

    async def open_(pool_size: int = 2) -> Database:
        database = Database(dsn, QUERIES, pool_size=pool_size, application_name="test-1")
        await database.open()
        opened.append(database)
        return database

    yield open_
    await asyncio.gather(*(database.close() for database in opened))


@pytest.fixture
async def database(open_pool) -> Database:
    database = await open_pool()
    await database.execute("create_item")
    return database


async def items(database: Database) -> list[tuple[int, str]]:
    return [(row["id"], row["name"]) for row in await database.fetch("list_items")]


async def test_queries_are_called_by_name(database: Database):
    await database.execute("add_item", 1, "book")

    assert await items(database) == [(1, "book")]
    assert dict(await database.fetchrow("item_by_id", 1) or {}) == {"id": 1, "name": "book"}
    assert await database.fetchrow("item_by_id", 2) is None


async def test_an_unknown_name_is_a_defect_and_not_an_outage(database: Database):
    with pytest.raises(KeyError, match="no_such_query"):
        await database.fetch("no_such_query")


@pytest.mark.parametrize("arguments", [(), (1, 2), ("one",), (2**70,)], ids=["few", "many", "type", "range"])
async def test_wrong_arguments_are_a_defect_and_not_an_outage(database: Database, arguments: tuple[object, ...]):
    with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError)):
        await database.fetch("item_by_id", *arguments)

    assert await items(database) == []


async def test_two_queries_at_once_in_a_transaction_are_a_defect_and_not_an_outage(database: Database):
    with pytest.raises(asyncpg.InterfaceError, match="another operation is in progress"):
        async with database.transaction() as transaction:
            await asyncio.gather(transaction.fetch("sleep", 0.1), transaction.fetch("list_items"))

    assert await items(database) == []


@pytest.mark.parametrize(("item", "constraint"), [((1, "again"), "item_pkey"), ((2, ""), "item_name_check")])
async def test_a_violated_constraint_is_known_by_its_name(database: Database, item: tuple[int, str], constraint: str):
    await database.execute("add_item", 1, "book")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as violated:
        await database.execute("add_item", *item)

    assert constraint_of(violated.value) == constraint


async def test_a_connection_tells_the_server_who_it_is(database: Database):
    assert (await database.fetchrow("setting", "application_name"))["value"] == "test-1"


async def test_a_transaction_is_committed_at_its_end(database: Database):
    async with database.transaction() as transaction:
        await transaction.execute("add_item", 1, "book")
        assert await items(database) == []

    assert await items(database) == [(1, "book")]


async def test_a_transaction_is_rolled_back_on_any_error_which_passes_unchanged(database: Database):
    error = LookupError("not the database's business")

    with pytest.raises(LookupError) as raised:
        async with database.transaction() as transaction:
            await transaction.execute("add_item", 1, "book")
            raise error

    assert raised.value is error
    assert await items(database) == []


async def test_a_transaction_is_rolled_back_when_its_task_is_cancelled(open_pool):
    database = await open_pool(1)
    await database.execute("create_item")
    reached = asyncio.Event()

    async def add_and_hang() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("add_item", 1, "book")
            reached.set()
            await transaction.execute("sleep", 30)

    task = asyncio.ensure_future(add_and_hang())
    await reached.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await items(database) == []


async def test_a_query_past_the_deadline_is_slow_and_its_connection_usable_afterwards(open_pool, request_context):
    database = await open_pool(1)
    backend = await database.fetchrow("backend")
    request_context.deadline = time.monotonic() + 0.1

    with pytest.raises(StoreSlow):
        await database.fetch("sleep", 30)

    assert time.monotonic() - request_context.deadline < 0.5
    request_context.deadline = time.monotonic() + 2.0
    assert await database.fetchrow("backend") == backend


async def test_a_transaction_past_the_deadline_is_rolled_back(database: Database, request_context: RequestContext):
    request_context.deadline = time.monotonic() + 0.2

    with pytest.raises(StoreSlow):
        async with database.transaction() as transaction:
            await transaction.execute("add_item", 1, "book")
            await transaction.execute("sleep", 30)

    request_context.deadline = time.monotonic() + 2.0
    assert await items(database) == []


async def test_a_query_after_the_deadline_is_slow_at_once(database: Database, request_context: RequestContext):
    request_context.deadline = time.monotonic() - 1.0
    started = time.monotonic()

    with pytest.raises(StoreSlow):
        await database.fetch("list_items")

    assert time.monotonic() - started < 0.1


async def test_a_full_pool_is_refused_at_the_deadline_and_has_room_again_later(open_pool, request_context):
    database = await open_pool(1)
    request_context.deadline = time.monotonic() + 0.1

    async with database.transaction():
        with pytest.raises(StoreSlow):
            await database.fetch("backend")
        assert request_context.remaining() == 0.0
        request_context.deadline = time.monotonic() + 2.0

    assert await database.fetch("backend")


async def test_a_session_ended_by_the_server_is_an_outage_for_one_query(open_pool):
    database, other = await open_pool(1), await open_pool(1)
    pid = (await database.fetchrow("backend"))["pid"]
    hanging = asyncio.ensure_future(database.fetch("sleep", 30))
    await other.fetch("terminate", pid)

    with pytest.raises(StoreDown):
        await hanging
    assert (await database.fetchrow("backend"))["pid"] != pid


async def test_a_session_that_ends_inside_a_transaction_is_an_outage(open_pool):
    database, other = await open_pool(1), await open_pool(1)

    with pytest.raises(StoreDown):
        async with database.transaction() as transaction:
            pid = (await transaction.fetchrow("backend"))["pid"]
            await other.fetch("terminate", pid)
            await transaction.fetch("backend")

    assert await database.fetch("backend")


@pytest.mark.parametrize("use", ["before", "after"])
async def test_a_pool_that_is_not_open_is_an_outage(stores, use: str):
    database = Database(stores.postgres_dsn(), QUERIES, pool_size=1, application_name="test-1")
    if use == "after":
        await database.open()
        await database.close()

    with pytest.raises(StoreDown):
        await database.ping()
    await database.close()


async def test_a_database_that_does_not_exist_yet_is_an_outage(stores):
    database = Database(stores.postgres_dsn("not_yet"), QUERIES, pool_size=1, application_name="test-1")
    await database.open()

    with pytest.raises(StoreDown):
        await database.ping()
    await database.close()
