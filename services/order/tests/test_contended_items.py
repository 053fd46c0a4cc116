"""A stuck item delays its own orders only, and decides none whose buyer has left."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from chassis.context import RequestContext, enter
from chassis.errors import Refusal

from .buyers import units

DECISIONS = "SELECT count(*) FROM stock_reservations"


@asynccontextmanager
async def stuck(shop, *item_ids):
    """Inside it another transaction holds the items."""
    async with shop.catalog_db.transaction():
        await shop.catalog_db.execute("SELECT FROM items WHERE id = ANY($1::bigint[]) FOR UPDATE", item_ids)
        yield


async def test_orders_of_free_items_pass_those_of_locked_ones(shop):
    """Also in the order service, where all of them travel to the catalog in the same calls."""
    async with stuck(shop, 1, 2):
        waiting = [asyncio.ensure_future(shop.both.buy({str(1 + number % 2): 1})) for number in range(40)]
        bundles = [asyncio.ensure_future(shop.both.buy({"1": 1, "2": 1, "3": 1})) for _ in range(5)]
        for _ in range(5):
            free = await asyncio.gather(*(shop.both.buy({"3": 1, "4": 1}) for _ in range(10)))
            assert all(units(answer.order.lines) == {"3": 1, "4": 1} for answer in free)
        assert not any(each.done() for each in (*waiting, *bundles))
    assert len(await asyncio.gather(*waiting, *bundles)) == 45
    assert [await shop.stock(str(number)) for number in range(1, 5)] == [975, 975, 945, 950]
    await shop.audit()


async def test_a_batch_leaves_out_orders_whose_buyers_have_left(shop):
    """Their batch lives on, for a more patient buyer."""

    async def buy(key, seconds):
        enter(RequestContext(deadline=time.monotonic() + seconds))
        return await shop.orders[0].buy({"1": 1}, key)

    async with stuck(shop, 1):
        hasty, patient = asyncio.ensure_future(buy("hasty", 0.5)), asyncio.ensure_future(buy("patient", 60.0))
        with pytest.raises(Refusal) as refused:
            await hasty
        assert refused.value.reason == "DEADLINE_EXCEEDED"
        # The catalog got the order later than the order service did, and so its deadline passes later by that.
        await asyncio.sleep(1.0)
    assert units((await patient).order.lines) == {"1": 1}
    assert await shop.catalog_db.fetchval(DECISIONS) == 1
    assert not (await shop.both.buy({"2": 1}, "hasty")).replayed
    await shop.audit()
