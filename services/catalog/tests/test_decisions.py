"""One decision for each order, whoever makes it: a replica that was slow, or one that decides at the same moment."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.context import RequestContext, enter
from chassis.errors import DeadlineExceeded, Refusal
from chassis.metrics import POOL_PENDING

DECIDED = "SELECT count(*) FROM stock_reservations WHERE order_id = $1"


@asynccontextmanager
async def paused(replica):
    """Inside it the replica takes requests and gets no further with them."""
    async with AsyncExitStack() as held:
        for _ in range(replica.database.pool_size):
            await held.enter_async_context(replica.database.transaction())
        yield


async def has_request_in_hand():
    async with asyncio.timeout(60):
        while not POOL_PENDING.value:
            await asyncio.sleep(0)


async def test_a_paused_replica_finds_its_order_rejected_by_another(replica, other_replica):
    item_id = (await replica.register(quantity=1)).item_id
    order_id = uuid4()
    async with paused(replica):
        late = asyncio.ensure_future(replica.reserve({item_id: 2}, order_id))
        await has_request_in_hand()
        rejected = await other_replica.reserve({item_id: 2}, order_id)
        assert rejected.refusal.reason == pb.REFUSAL_REASON_OUT_OF_STOCK
        await other_replica.update(item_id, quantity=10)
    assert await late == rejected
    assert (await other_replica.get(item_id))[item_id].quantity == 10


async def test_an_order_waiting_for_a_row_finds_itself_rejected(replica, other_replica, blocker, waiting_backends):
    order_id = uuid4()
    async with blocker.transaction():
        await blocker.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        late = asyncio.ensure_future(replica.reserve({"1": 1}, order_id))
        await waiting_backends()
        rejected = await other_replica.reserve({}, order_id)
        assert rejected.refusal.reason == pb.REFUSAL_REASON_NO_LINES
    assert await late == rejected
    assert (await replica.get("1"))["1"].quantity == 1000


async def test_two_replicas_never_decide_one_order_differently(replica, other_replica):
    """They are asked for different items, so they meet at no row lock, and one of them finds no stock."""
    outcomes = set()
    for _ in range(100):
        order_id = uuid4()
        first, second = await asyncio.gather(
            replica.reserve({"1": 1}, order_id), other_replica.reserve({"2": 2_000}, order_id)
        )
        assert first == second
        outcomes.add(first.WhichOneof("outcome"))
    assert outcomes == {"reservation", "refusal"}


async def test_claims_in_opposite_order_do_not_deadlock(
    replica, other_replica, make_stock_request, connection, blocker, waiting_backends
):
    """Two carts, each bought under two keys: the blocker lines the batches up at the first claim."""
    for _ in range(10):
        claims, orders = sorted((uuid4(), uuid4())), sorted(uuid4() for _ in range(4))
        blocking = blocker.transaction()
        await blocking.start()
        await blocker.execute(
            "INSERT INTO stock_reservations (order_id, currency, memo, claim) VALUES ($1, 'USD', '', $2)",
            *(uuid4(), claims[0]),
        )
        pairs = [(orders[0], claims[1]), (orders[1], claims[0])], [(orders[2], claims[0]), (orders[3], claims[1])]
        batches = asyncio.gather(*(
            sender.reserve_all(*(make_stock_request({book: 1}, order_id, claim=claim) for order_id, claim in pair))
            for sender, book, pair in zip((replica, other_replica), "12", pairs, strict=True)
        ))  # fmt: skip
        await waiting_backends(2)
        await blocking.rollback()
        results = [result.WhichOneof("outcome") for batch in await batches for result in batch]
        assert sorted(results) == ["refusal", "refusal", "reservation", "reservation"]
    assert (
        await connection.fetchval(
            "SELECT pg_stat_get_db_deadlocks(oid) FROM pg_database WHERE datname = current_database()"
        )
        == 0
    )


async def test_an_order_is_not_decided_when_its_sender_left(replica, connection, blocker, waiting_backends):
    """Its batch lives on, for a more patient sender."""
    hasty, patient = uuid4(), uuid4()

    async def reserve(order_id, seconds):
        enter(RequestContext(deadline=time.monotonic() + seconds))
        return await replica.reserve({"1": 1}, order_id)

    async with blocker.transaction():
        await blocker.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        calls = [asyncio.ensure_future(reserve(hasty, 1.0)), asyncio.ensure_future(reserve(patient, 60.0))]
        await waiting_backends()
        with pytest.raises(Refusal) as refused:
            await calls[0]
        assert refused.value.reason == DeadlineExceeded.reason
    assert (await calls[1]).HasField("reservation")
    assert await connection.fetchval(DECIDED, hasty) == 0
    assert await connection.fetchval(DECIDED, patient) == 1
