"""Connections at hand: nobody who waits is passed over, none that is lost keeps its place, and all are closed."""

import asyncio

import asyncpg
import pytest

from chassis import postgres_pool
from chassis.postgres import Database
from chassis.postgres_errors import StoreDown
from chassis.postgres_pool import Pool


async def backend(database: Database) -> int:
    return int((await database.fetchrow("backend"))["pid"])


async def hold_all(database: Database, size: int) -> set[int]:
    """The backends of `size` transactions that were all open at once."""
    everybody = asyncio.Barrier(size)

    async def hold() -> int:
        async with database.transaction() as transaction:
            row = await transaction.fetchrow("backend")
            await everybody.wait()
        return int(row["pid"])

    async with asyncio.TaskGroup() as group:  # where one gets no connection, nobody waits for it with one in hand
        holding = [group.create_task(hold()) for _ in range(size)]
    return {each.result() for each in holding}


async def test_one_after_the_other_use_the_same_connection(open_pool):
    database = await open_pool(4)

    assert len({await backend(database) for _ in range(20)}) == 1


async def test_who_waits_is_served_before_who_comes_back(open_pool):
    database = await open_pool(2)
    ended = asyncio.Event()
    served = 0

    async def busy() -> None:
        while not ended.is_set():
            await backend(database)

    async def patient() -> None:
        nonlocal served
        for _ in range(20):
            await backend(database)
            served += 1

    rivals = [asyncio.create_task(busy()) for _ in range(4)]
    async with asyncio.timeout(30):
        await asyncio.gather(*(patient() for _ in range(4)))
    ended.set()
    await asyncio.gather(*rivals)

    assert served == 80


async def test_connections_lost_while_at_hand_make_room_for_new_ones(open_pool):
    database, other = await open_pool(3), await open_pool(1)
    for _ in range(5):
        before = await hold_all(database, 3)
        await other.fetch("terminate_others")
        after: set[int] = set()
        while not after:
            try:
                after = await hold_all(database, 3)
            except* StoreDown:
                pass  # the end of a session may be noticed only by using it
        assert after & before == set()


async def test_what_was_broken_off_does_not_stay_at_hand(open_pool):
    database = await open_pool(1)
    hanging = asyncio.create_task(database.fetch("sleep", 60))
    async with asyncio.timeout(60):
        while database._pool.used == 0:
            await asyncio.sleep(0.001)
    hanging.cancel()

    with pytest.raises(asyncio.CancelledError):
        await hanging
    assert database._pool._at_hand == [], "its next user would wait for the end of the query"
    async with asyncio.timeout(30):
        assert await backend(database)


async def test_closing_ends_every_session_at_once(stores, open_pool, monkeypatch):
    monkeypatch.setattr(postgres_pool, "_CLOSE_S", 600.0)  # nobody is so late as to be cut off
    other = await open_pool(1)
    pool = await Pool.open(stores.postgres_dsn(), size=3, application_name="closing")
    connections = [await pool.acquire(30) for _ in range(3)]
    pids = [connection.get_server_pid() for connection in connections]
    for connection in connections[:2]:
        await pool.release(connection, is_sound=True)
    assert (pool.used, pool.idle) == (1, 2)

    closing = asyncio.create_task(pool.close())
    while not pool._pool.is_closing():
        await asyncio.sleep(0)
    await pool.release(connections[2], is_sound=True)
    async with asyncio.timeout(10):
        await closing

    observer = await asyncpg.connect(stores.postgres_dsn())
    async with asyncio.timeout(30):
        while await observer.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1)", pids):
            await asyncio.sleep(0.01)
    await observer.close()
    assert await backend(other)
