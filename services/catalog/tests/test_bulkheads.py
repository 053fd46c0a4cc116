"""Expensive kinds of work have a share of the connections to the database, never all of them."""

import asyncio

import pytest

CONNECTIONS = 4


@pytest.fixture
async def locked_items(blocker):
    """No item can be read until the transaction ends."""
    transaction = blocker.transaction()
    await transaction.start()
    await blocker.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    return transaction


async def started(calls):
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0.2)
    return tasks


@pytest.mark.parametrize("filters", [{"keywords": ["red"]}, {"text": "lamp"}, {"category": 3, "keywords": ["red"]}])
async def test_searches_that_scan_take_two_connections(replica, locked_items, waiting_backends, filters):
    searches = await started(replica.search(**filters) for _ in range(12))
    assert len(await waiting_backends(2)) == 2
    await replica.settle()  # what needs no items has a connection
    await locked_items.rollback()
    assert len(await asyncio.gather(*searches)) == 12


async def test_pages_take_half_of_the_connections(replica, locked_items, waiting_backends):
    pages = await started(
        [replica.search(category=3) for _ in range(6)] + [replica.list_of_seller("seller-1") for _ in range(6)]
    )
    assert len(await waiting_backends(2)) == CONNECTIONS // 2
    await replica.settle()
    await locked_items.rollback()
    assert len(await asyncio.gather(*pages)) == 12
