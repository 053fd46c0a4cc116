import asyncio
import time
from contextlib import suppress

import asyncpg
import pytest

from chassis.context import RequestContext
from chassis.postgres import Database
from chassis.postgres_errors import StoreDown, StoreSlow


async def items(database: Database) -> list[tuple[int, str]]:
    return [(row["id"], row["name"]) for row in await database.fetch("list_items")]


async def test_two_queries_at_once_in_a_transaction_are_a_defect_and_not_an_outage(database: Database):
    with pytest.raises(asyncpg.InterfaceError, match="another operation is in progress"):
        async with database.transaction() as transaction:
            await asyncio.gather(transaction.fetch("sleep", 0.1), transaction.fetch("list_items"))

    assert await items(database) == []


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


async def test_a_transaction_whose_failed_query_was_passed_over_does_not_end_as_if_committed(database: Database):
    with pytest.raises(RuntimeError, match="rolled back"):
        async with database.transaction() as transaction:
            await transaction.execute("add_item", 1, "book")
            with suppress(asyncpg.UniqueViolationError):
                await transaction.execute("add_item", 1, "again")

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


async def test_a_transaction_past_the_deadline_is_rolled_back(database: Database, request_context: RequestContext):
    request_context.deadline = time.monotonic() + 0.2

    with pytest.raises(StoreSlow):
        async with database.transaction() as transaction:
            await transaction.execute("add_item", 1, "book")
            await transaction.execute("sleep", 30)

    request_context.deadline = time.monotonic() + 30.0
    assert await items(database) == []


async def test_a_session_that_ends_inside_a_transaction_is_an_outage(open_pool):
    database, other = await open_pool(1), await open_pool(1)

    with pytest.raises(StoreDown):
        async with database.transaction() as transaction:
            pid = (await transaction.fetchrow("backend"))["pid"]
            await other.fetch("terminate", pid)
            await transaction.fetch("backend")

    assert await database.fetch("backend")


async def test_many_rows_are_one_transaction_and_return_what_each_returned(database: Database):
    added = await database.fetchmany("add_item", [(1, "book"), (2, "lamp")])
    assert [tuple(row) for row in added] == [(1, "book"), (2, "lamp")]

    with pytest.raises(asyncpg.UniqueViolationError):
        await database.fetchmany("add_item", [(3, "chair"), (1, "book")])

    assert await items(database) == [(1, "book"), (2, "lamp")]
