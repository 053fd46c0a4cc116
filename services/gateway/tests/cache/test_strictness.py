"""Writers and readers in any order, through two gateways: what was answered to a writer is what readers meet."""

import asyncio
import random
from collections import Counter

import pytest

from gateway.cache import shared as shared_module

pytestmark = pytest.mark.usefixtures("unhurried")

FILL_WITHOUT_LEASE = """
for i, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[i + 3], 'PX', ARGV[3])
end
return #KEYS
"""
READS = 400
READERS = 6


class Market:
    """Every writer tells the version it was answered; every reader compares with what had been told when it came."""

    def __init__(self, gateways, shop, invalidate, seed):
        self._gateways = gateways
        self._shop = shop
        self._invalidate = invalidate
        self._random = random.Random(seed)
        self._answered = Counter(dict.fromkeys("12", 1))
        self.reads = self.stale = 0
        self.sources = Counter()
        shop.turns_until_sent = lambda: self._random.choice([0, 0, 30, 150])

    async def _turns(self):
        for _ in range(self._random.choice([0, 5, 60])):
            await asyncio.sleep(0)

    async def _reads(self):
        """Between two writes there are some reads, so that there is something to be stale."""
        enough = self.reads + self._random.choice([0, 1, 4, 12])
        while self.reads < min(enough, READS):
            await asyncio.sleep(0)

    async def _write(self, item_id):
        while self.reads < READS:
            self._shop.change(item_id)
            version = self._shop.items[item_id].version
            await self._turns()
            await self._invalidate([f"item:{item_id}"])
            self._answered[item_id] = version
            await self._reads()

    async def _read(self, gateway):
        while self.reads < READS:
            item_id = self._random.choice("12")
            answered = self._answered[item_id]
            version, source = await gateway.read(item_id)
            self.reads += 1
            self.sources[source] += 1
            self.stale += version < answered
            await self._turns()

    async def run(self):
        readers = [asyncio.create_task(self._read(self._gateways[number % 2])) for number in range(READERS)]
        await asyncio.gather(*[self._write(item_id) for item_id in "12"], *readers)
        for gateway in self._gateways:
            await gateway.filled()
        return self.stale


@pytest.fixture
def open_market(open_gateway, shop, invalidation):
    async def open_market(seed, mode="shared", invalidate=invalidation.run):
        gateways = [await open_gateway(mode, name=name) for name in ("one", "two")]
        return Market(gateways, shop, invalidate, seed)

    return open_market


@pytest.mark.parametrize("seed", range(2))
async def test_no_reader_meets_an_older_version_than_a_writer_was_answered(open_market, seed):
    market = await open_market(seed)
    assert await market.run() == 0
    # All tiers took part, or this showed nothing.
    assert min(market.sources["shared"], market.sources["miss"]) > market.reads / 50


async def test_without_leases_it_would(open_market, monkeypatch):
    monkeypatch.setattr(shared_module, "_FILL", FILL_WITHOUT_LEASE)
    market = await open_market(0)
    assert await market.run() > 0


async def test_without_invalidation_it_would(open_market):
    async def forget(_keys):
        await asyncio.sleep(0)

    market = await open_market(0, invalidate=forget)
    assert await market.run() > 0


async def test_in_tiered_mode_nothing_old_is_left_when_the_pushes_have_arrived(
    open_market, open_gateway, shop, eventually
):
    market = await open_market(0, mode="tiered")
    await market.run()
    for gateway in market._gateways:
        await gateway.redis.set("item:flag", "")
        await eventually(lambda gateway=gateway: "item:flag" in gateway.tiers.local._drops)
        for item_id in "12":
            assert (await gateway.read(item_id))[0] == shop.items[item_id].version
