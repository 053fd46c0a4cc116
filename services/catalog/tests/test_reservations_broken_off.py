"""A transaction that PostgreSQL loses half-way leaves nothing behind, and a repeat does it whole."""

import asyncio
from uuid import uuid4


async def ledger(connection):
    return {
        "reservations": await connection.fetchval("SELECT count(*) FROM stock_reservations"),
        "lines": await connection.fetchval("SELECT count(*) FROM stock_reservation_lines"),
        "units": await connection.fetchval("SELECT sum(quantity) FROM items"),
    }


async def test_a_batch_whose_connection_is_killed_at_the_locks_is_done_once_by_the_repeat(
    replica, connection, blocker, waiting_backends
):
    before = await ledger(connection)
    order_ids = [uuid4() for _ in range(5)]
    async with blocker.transaction():
        await blocker.execute("SELECT FROM items WHERE id = 2 FOR UPDATE")
        calls = asyncio.gather(*(replica.reserve({"1": 1, "2": 2}, order_id) for order_id in order_ids))
        for pid in await waiting_backends():
            await connection.execute("SELECT pg_terminate_backend($1)", pid)
        assert await ledger(connection) == before
    # The channel repeats what failed as UNAVAILABLE, under the same order ids.
    results = await calls
    assert all(result.HasField("reservation") for result in results)
    assert await ledger(connection) == {"reservations": 5, "lines": 10, "units": before["units"] - 15}


async def test_a_batch_whose_connection_is_killed_while_it_records_changes_nothing(
    replica, connection, blocker, waiting_backends
):
    before = await ledger(connection)
    order_id = uuid4()
    async with blocker.transaction():
        # The locks of the items are taken and the decision is made; the insert meets this.
        await blocker.execute("LOCK TABLE stock_reservation_lines IN SHARE MODE")
        call = asyncio.ensure_future(replica.reserve({"1": 1, "2": 2}, order_id))
        [pid] = await waiting_backends()
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
        # The repeat gets as far again, so the killed one has let go of its locks.
        while pid in await waiting_backends():
            await asyncio.sleep(0)
        assert await ledger(connection) == before
    assert (await call).HasField("reservation")
    assert await replica.reserve({"1": 1, "2": 2}, order_id) == await call
    assert await ledger(connection) == {"reservations": 1, "lines": 2, "units": before["units"] - 3}
