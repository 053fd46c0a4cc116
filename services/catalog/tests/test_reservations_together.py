"""Many buyers at once, through two replicas: nothing is sold twice, nothing is lost, nothing waits in a circle."""

import asyncio
import random
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

CONSERVED = """
    SELECT id, start.quantity AS at_the_start, items.quantity + coalesce(sum(lines.quantity), 0) AS accounted_for
    FROM items
    JOIN start USING (id)
    LEFT JOIN stock_reservation_lines AS lines ON lines.item_id = items.id
    GROUP BY id, start.quantity, items.quantity
    HAVING start.quantity <> items.quantity + coalesce(sum(lines.quantity), 0) OR items.quantity < 0
"""


@pytest.fixture
async def stock_is_conserved(connection):
    """`await watch()` remembers the stock; at the end of the test none of it may have come or gone."""

    async def watch():
        await connection.execute("CREATE TABLE start AS SELECT id, quantity FROM items")

    yield watch
    assert [dict(row) for row in await connection.fetch(CONSERVED)] == []


def reserved(results):
    return [result for result in results if result.HasField("reservation")]


async def calls_in_progress(number):
    """Returns once so many calls have reached the servicers, and with that their batcher."""
    async with asyncio.timeout(60):
        while REGISTRY.get_sample_value("rpc_server_active_calls") != number:
            await asyncio.sleep(0.001)


async def test_a_hundred_buyers_of_ten_units_get_ten(replica, other_replica, stock_is_conserved):
    item_id = (await replica.register(quantity=10)).item_id
    await stock_is_conserved()
    results = await asyncio.gather(
        *(sender.reserve({item_id: 1}) for _ in range(50) for sender in (replica, other_replica))
    )
    assert len(reserved(results)) == 10
    assert (await replica.get(item_id))[item_id].quantity == 0


async def test_a_hundred_buyers_of_one_item_are_served_by_few_transactions(
    replica, connection, blocker, waiting_backends, stock_is_conserved
):
    """Two batches wait for the item, and whoever came meanwhile is in the third."""
    await stock_is_conserved()
    async with blocker.transaction():
        await blocker.execute("SELECT FROM items WHERE id = 1 FOR UPDATE")
        buying = asyncio.gather(*(replica.reserve({"1": 1}) for _ in range(100)))
        await waiting_backends()
        await calls_in_progress(100)
    assert len(reserved(await buying)) == 100
    # A row's xmin is the transaction that wrote it.
    transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM stock_reservations")
    assert transactions <= 3


async def test_one_order_sent_many_times_through_two_replicas_is_reserved_once(
    replica, other_replica, stock_is_conserved
):
    await stock_is_conserved()
    order_id = uuid4()
    results = await asyncio.gather(
        *(sender.reserve({"1": 3}, order_id) for _ in range(25) for sender in (replica, other_replica))
    )
    assert all(result == results[0] for result in results)
    assert (await replica.get("1"))["1"].quantity == 997


async def test_orders_of_the_same_items_in_opposite_order_never_wait_in_a_circle(
    replica, other_replica, stock_is_conserved
):
    items = [(await replica.register(quantity=1_000)).item_id for _ in range(2)]
    await stock_is_conserved()
    for _ in range(300):
        there, back = [(item_id, 1) for item_id in items], [(item_id, 1) for item_id in reversed(items)]
        results = await asyncio.gather(replica.reserve(there), other_replica.reserve(back))
        assert len(reserved(results)) == 2
    assert {item.quantity for item in (await replica.get(*items)).values()} == {400}


async def test_one_order_with_different_items_from_two_replicas_is_reserved_once(
    replica, other_replica, stock_is_conserved
):
    """They meet at no row lock, only at the key of the reservations."""
    await stock_is_conserved()
    for _ in range(100):
        order_id = uuid4()
        first, second = await asyncio.gather(
            replica.reserve({"1": 1}, order_id), other_replica.reserve({"2": 1}, order_id)
        )
        assert first == second
        assert first.HasField("reservation")
    left = await replica.get("1", "2")
    assert sum(item.quantity for item in left.values()) == 1_900


async def test_one_claim_with_different_items_from_two_replicas_is_had_once(replica, other_replica, stock_is_conserved):
    """They meet at no row lock, only at the key of the claims."""
    await stock_is_conserved()
    for _ in range(100):
        claim = uuid4()
        results = await asyncio.gather(
            replica.reserve({"1": 1}, claim=claim), other_replica.reserve({"2": 1}, claim=claim)
        )
        assert sorted(result.WhichOneof("outcome") for result in results) == ["refusal", "reservation"]
    left = await replica.get("1", "2")
    assert sum(item.quantity for item in left.values()) == 1_900


async def test_two_batches_of_the_same_orders_in_opposite_order_never_wait_in_a_circle(
    replica, other_replica, make_stock_request, stock_is_conserved, connection, blocker, waiting_backends
):
    """They ask for different items, and so meet at the keys of two reservations: the blocker lines them up there."""
    await stock_is_conserved()
    for _ in range(20):
        orders = [uuid4(), uuid4()]
        blocking = blocker.transaction()
        await blocking.start()
        await blocker.execute("INSERT INTO stock_reservations VALUES ($1, 'USD', '')", orders[0])
        batches = asyncio.gather(
            replica.reserve_all(*(make_stock_request({"1": 1}, order_id) for order_id in orders)),
            other_replica.reserve_all(*(make_stock_request({"2": 1}, order_id) for order_id in reversed(orders))),
        )
        await waiting_backends(2)
        await blocking.rollback()
        first, second = await batches
        assert first == second[::-1]
        assert len(reserved(first)) == 2


async def test_stock_is_conserved_under_random_orders_and_price_changes(replica, other_replica, stock_is_conserved):
    dice = random.Random(3)
    items = [(await replica.register(quantity=dice.randrange(30))).item_id for _ in range(6)]
    await stock_is_conserved()

    async def act(sender):
        if dice.random() < 0.2:
            await sender.update(dice.choice(items), price_cents=dice.randrange(1_000))
            return None
        lines = {item_id: dice.randrange(1, 4) for item_id in dice.sample(items, dice.randrange(1, 4))}
        order_id = uuid4()
        result, repeated = await asyncio.gather(
            replica.reserve(lines, order_id), other_replica.reserve(lines, order_id)
        )
        # A refused order may find stock no more, but an order is never reserved in two ways.
        assert result == repeated or not (result.HasField("reservation") and repeated.HasField("reservation"))
        return result

    results = await asyncio.gather(*(act(dice.choice([replica, other_replica])) for _ in range(200)))
    assert reserved(result for result in results if result)


async def test_an_owner_who_restocks_between_reservations_sets_what_is_left(replica, other_replica):
    item_id = (await replica.register(quantity=50)).item_id
    results, restocked = await asyncio.gather(
        asyncio.gather(*(replica.reserve({item_id: 1}) for _ in range(20))),
        other_replica.update(item_id, quantity=1_000),
    )
    assert len(reserved(results)) == 20
    left = (await replica.get(item_id))[item_id]
    assert restocked.quantity == 1_000
    assert 980 <= left.quantity <= 1_000
