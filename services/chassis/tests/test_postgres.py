import asyncio
import time

import asyncpg
import pytest

from chassis import postgres_pool
from chassis.context import RequestContext
from chassis.postgres import Database, constraint_of
from chassis.postgres_errors import StoreDown, StoreSlow
from chassis.queries import Queries


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


@pytest.mark.parametrize(("item", "constraint"), [((1, "again"), "item_pkey"), ((2, ""), "item_name_check")])
async def test_a_violated_constraint_is_known_by_its_name(database: Database, item: tuple[int, str], constraint: str):
    await database.execute("add_item", 1, "book")

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as violated:
        await database.execute("add_item", *item)

    assert constraint_of(violated.value) == constraint


async def test_a_connection_tells_the_server_who_it_is(database: Database):
    assert (await database.fetchrow("setting", "application_name"))["value"] == "test-1"


async def test_a_query_past_the_deadline_is_slow_and_its_connection_usable_afterwards(
    open_pool, request_context, monkeypatch
):
    monkeypatch.setattr(postgres_pool, "CLEAN_UP_S", 30.0)  # on a slow machine the connection would be closed instead
    database = await open_pool(1)
    backend = await database.fetchrow("backend")
    request_context.deadline = time.monotonic() + 0.1

    with pytest.raises(StoreSlow):
        await database.fetch("sleep", 60)

    assert time.monotonic() - request_context.deadline < 20.0, "not the 60 s of the query"
    request_context.deadline = time.monotonic() + 30.0
    assert await database.fetchrow("backend") == backend


async def test_a_query_after_the_deadline_is_slow_at_once(database: Database, request_context: RequestContext):
    request_context.deadline = time.monotonic() - 1.0
    started = time.monotonic()

    with pytest.raises(StoreSlow):
        await database.fetch("sleep", 60)

    assert time.monotonic() - started < 20.0, "not the 60 s of the query"


async def test_a_full_pool_is_refused_at_the_deadline_and_has_room_again_later(open_pool, request_context):
    database = await open_pool(1)

    async with database.transaction():
        request_context.deadline = time.monotonic() + 0.1
        with pytest.raises(StoreSlow):
            await database.fetch("backend")
        assert request_context.remaining() == 0.0
        request_context.deadline = time.monotonic() + 30.0

    assert await database.fetch("backend")


async def test_a_session_ended_by_the_server_is_an_outage_for_one_query(open_pool):
    database, other = await open_pool(1), await open_pool(1)
    pid = (await database.fetchrow("backend"))["pid"]
    hanging = asyncio.ensure_future(database.fetch("sleep", 30))
    await other.fetch("terminate", pid)

    with pytest.raises(StoreDown):
        await hanging
    assert (await database.fetchrow("backend"))["pid"] != pid


async def test_sessions_ended_at_any_moment_are_outages_and_nothing_else(open_pool):
    database, other = await open_pool(4), await open_pool(1)
    ended = asyncio.Event()

    async def client() -> set[type[BaseException]]:
        met: set[type[BaseException]] = set()
        while not ended.is_set():
            try:
                async with database.transaction() as transaction:
                    await transaction.fetch("backend")
            except Exception as error:
                met.add(type(error))
        return met

    clients = asyncio.gather(*(client() for _ in range(8)))
    for _ in range(30):
        await other.fetch("terminate_others")
    ended.set()

    met = set().union(*await clients)
    assert StoreDown in met
    # A machine that stands still may be too slow to connect in time, which is an outage as well.
    assert met <= {StoreDown, StoreSlow}


@pytest.mark.parametrize("use", ["before", "after"])
async def test_a_pool_that_is_not_open_is_an_outage(stores, use: str):
    database = Database(stores.postgres_dsn(), Queries(""), pool_size=1, application_name="test-1")
    if use == "after":
        await database.open()
        await database.close()

    with pytest.raises(StoreDown):
        await database.ping()
    await database.close()


async def test_a_database_that_does_not_exist_yet_is_an_outage(stores):
    database = Database(stores.postgres_dsn("not_yet"), Queries(""), pool_size=1, application_name="test-1")
    await database.open()

    with pytest.raises(StoreDown):
        await database.ping()
    await database.close()
