"""The recovery as it runs in every replica: it survives what is away, and ends what was begun."""

import asyncio
from uuid import UUID, uuid4

import pytest

from agora.catalog.v1 import catalog_pb2
from chassis.background import repeat
from chassis.errors import Refusal, Unavailable
from chassis.grpc_client import call
from order import catalog as order_catalog
from order import metrics, recovery
from order.domain import Memo, digest_of


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(recovery, "_MIN_AGE_MS", 0)
    monkeypatch.setattr(recovery.Recovery.finish_open_orders, "__defaults__", (0,))


async def until(condition):
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def running(shop, impatient):
    """The second replica's background work."""
    replica = shop.orders[1]
    works = {"recovery": replica.recovery.finish_open_orders, "settlement": replica.settlement.settle}
    tasks = [asyncio.create_task(repeat(name, work, every_s=0.01)) for name, work in works.items()]
    yield tasks
    assert not any(task.done() for task in tasks), tasks
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_begun_orders_are_recorded_and_settled_without_anybody_asking(shop, running):
    await shop.reserve_only(*[None] * 30, lines={"1": 1})

    async def all_settled():
        return await shop.open_reservations() == 0

    await until(all_settled)
    assert len((await shop.both.orders()).orders) == 30
    await shop.audit()


async def test_a_catalog_that_is_away_stops_neither_recovery_nor_settlement(shop, running, caplog):
    await shop.reserve_only(None, lines={"1": 1})
    ports = [served.server.port for served in shop.catalog_replicas]
    for served in shop.catalog_replicas:
        await served.kill()
    caplog.clear()

    async def noticed():
        return sum(record.message.startswith("background task failed") for record in caplog.records) >= 2

    async def all_settled():
        return await shop.open_reservations() == 0

    await until(noticed)
    for port in ports:
        await shop.start_catalog(port)
    await until(all_settled)
    await shop.audit()


async def test_a_round_of_recovery_without_a_catalog_is_refused_and_not_lost(shop):
    await shop.reserve_only(None, lines={"1": 1})
    for served in shop.catalog_replicas:
        await served.kill()
    with pytest.raises(Refusal) as refused:
        await shop.orders[1].recovery.finish_open_orders(min_age_ms=0)
    assert isinstance(refused.value, Unavailable)
    assert await shop.open_reservations() == 1


async def reserve_strangely(shop, *memos):
    """Reservations that no order service made."""
    lines = [catalog_pb2.OrderedLine(item_id="1", quantity=1)]
    strange = [catalog_pb2.StockRequest(order_id=str(uuid4()), lines=lines, memo=memo) for memo in memos]
    await call(
        shop.catalog.ReserveStock,
        catalog_pb2.ReserveStockRequest(requests=strange),
        catalog_pb2.ReserveStockResponse,
    )
    return [request.order_id for request in strange]


DIGEST = "00" * 32
ODD_MEMOS = [
    *(b"", b"\xff", b"7", b"[]", b"[1, 2, 3]", b'["ann", "zz", null]', b'["ann", "00", null]', b"[" * 1000),
    *(
        f'[{buyer}, "{DIGEST}", {session}]'.encode()
        for buyer, session in [("7", "null"), ('"a"', "7"), ('"\\u0000"', "null")]
    ),
]


async def test_an_unreadable_reservation_is_set_aside(shop, caplog):
    odd = await reserve_strangely(shop, *ODD_MEMOS)
    await shop.reserve_only(None, lines={"2": 1})
    caplog.clear()
    assert await shop.orders[0].recovery.finish_open_orders(min_age_ms=0) == 1
    assert metrics.UNREADABLE._value.get() == len(odd)
    set_aside = [record for record in caplog.records if "set aside" in record.message]
    assert {record.order_id for record in set_aside} == set(odd)
    caplog.clear()
    assert await shop.orders[0].recovery.finish_open_orders(min_age_ms=0) == 0
    assert not [record for record in caplog.records if "set aside" in record.message]
    await shop.settle()
    await shop.catalog_db.execute("UPDATE stock_reservations SET settled_at = now()")
    await shop.orders[0].recovery.finish_open_orders(min_age_ms=0)
    assert metrics.UNREADABLE._value.get() == 0


async def test_orders_behind_a_page_of_unreadable_ones_are_finished(shop, monkeypatch):
    monkeypatch.setattr(recovery, "_BATCH", 5)
    await reserve_strangely(shop, *[b""] * 5)
    await shop.reserve_only(None, lines={"2": 1})
    assert await shop.orders[0].recovery.finish_open_orders(min_age_ms=0) == 1


async def test_background_work_goes_on_beside_unreadable_reservations(shop, running):
    await reserve_strangely(shop, *ODD_MEMOS)
    await shop.reserve_only(*[None] * 3, lines={"2": 1})

    async def recorded():
        return len((await shop.both.orders()).orders) == 3

    await until(recorded)


async def test_an_unreadable_reservation_fails_alone(shop):
    [odd] = await reserve_strangely(shop, b"odd")
    catalog = shop.orders[0].recovery._catalog
    requests = [order_catalog.StockRequest(UUID(odd), {"1": 1}, Memo("ann", digest_of(None), None), None)]
    requests += [order_catalog.StockRequest(uuid4(), {"2": 1}, Memo("ann", digest_of(None), None), None)] * 3
    first, *others = await asyncio.gather(*map(catalog.reserve, requests))
    assert first.memo is None
    assert all(other.memo == requests[1].memo for other in others)


async def test_a_backlog_is_finished_in_one_round(shop):
    for _ in range(2):
        await shop.reserve_only(*[None] * 256, lines={"1": 1})
    assert await shop.orders[0].recovery.finish_open_orders(min_age_ms=0) == 512
    await shop.settle()
    assert await shop.open_reservations() == 0
    await shop.audit()
