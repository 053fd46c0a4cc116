"""A contended item delays its own orders only."""

import asyncio
from uuid import uuid4

import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.grpc_client import call


@pytest.fixture
def locked(blocker):
    """`async with locked("1", "2"):` another transaction holds these items."""

    class Locked:
        def __init__(self, *item_ids):
            self._item_ids = list(map(int, item_ids))

        async def __aenter__(self):
            self._transaction = blocker.transaction()
            await self._transaction.start()
            await blocker.execute("SELECT FROM items WHERE id = ANY($1::bigint[]) FOR UPDATE", self._item_ids)

        async def __aexit__(self, *_):
            await self._transaction.rollback()

    return Locked


async def reserve_or_contended(replica, *requests, wait_item_id=""):
    message = pb.ReserveStockRequest(requests=requests, takes_contended=True, wait_item_id=wait_item_id)
    return list((await call(replica.stub.ReserveStock, message, pb.ReserveStockResponse)).results)


async def test_orders_of_free_items_pass_those_of_locked_ones(replica, connection, locked):
    """More items are locked than may be waited for at once, and more orders wait than the pool has connections."""
    held = ["1", "2", "3", "4", "5", "6"]
    async with locked(*held):
        waiting = [asyncio.ensure_future(replica.reserve({item_id: 1})) for item_id in held for _ in range(10)]
        bundles = [asyncio.ensure_future(replica.reserve({"7": 1, item_id: 1})) for item_id in held]
        for _ in range(5):
            results = await asyncio.gather(*(replica.reserve({"7": 1}) for _ in range(20)))
            assert all(result.HasField("reservation") for result in results)
        assert not any(each.done() for each in (*waiting, *bundles))
    assert all(result.HasField("reservation") for result in await asyncio.gather(*waiting, *bundles))
    assert await connection.fetchval("SELECT quantity FROM items WHERE id = 7") == 1000 - 100 - 6


async def test_a_locked_item_is_left_to_the_sender_who_takes_that(replica, make_stock_request, locked):
    free, held, both = make_stock_request({"2": 1}), make_stock_request({"1": 1}), make_stock_request({"1": 1, "2": 1})
    contended = pb.StockResult(contended=pb.Contended(item_id="1"))
    async with locked("1"):
        decided, *undecided = await reserve_or_contended(replica, free, held, both)
        assert decided.HasField("reservation")
        assert undecided == [contended, contended]
        waiting = asyncio.ensure_future(reserve_or_contended(replica, held, both, wait_item_id="1"))
        assert (await reserve_or_contended(replica, free)) == [decided]
        assert not waiting.done()
    assert all(result.HasField("reservation") for result in await waiting)


async def test_a_sender_who_waits_for_one_item_is_told_of_another(replica, make_stock_request, locked):
    async with locked("2"):
        request = make_stock_request({"1": 1, "2": 1})
        assert await reserve_or_contended(replica, request, wait_item_id="1") == [
            pb.StockResult(contended=pb.Contended(item_id="2"))
        ]


async def test_an_order_that_is_decided_needs_no_item(replica, locked):
    order_id = uuid4()
    first = await replica.reserve({"1": 1}, order_id)
    async with locked("1"):
        assert await replica.reserve({"1": 1}, order_id) == first


async def test_orders_of_two_busy_items_are_decided(replica, other_replica):
    """Whoever waits for one of two items holds nothing meanwhile, and comes through all the same."""
    senders = (replica, other_replica)
    wanted = ({"1": 1}, {"2": 1}, {"1": 1, "2": 1})
    results = await asyncio.gather(*(senders[number % 2].reserve(wanted[number % 3]) for number in range(240)))
    assert all(result.HasField("reservation") for result in results)
    assert {item.quantity for item in (await replica.get("1", "2")).values()} == {1000 - 160}


async def test_an_unknown_item_is_not_taken_for_a_locked_one(replica, locked):
    async with locked("1"):
        result = await replica.reserve({"2": 1, "999999": 1})
    assert result.refusal.reason == pb.REFUSAL_REASON_ITEM_NOT_FOUND
