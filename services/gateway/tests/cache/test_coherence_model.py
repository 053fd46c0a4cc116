"""Writers and readers over real stores whose paths fail at random: no read is older than an acknowledged write.

Everything lasts a fraction of what it does in the shop, so that a few seconds hold many partitions and suspensions.
"""

import asyncio
import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from agora.catalog.v1.cache_lease_pb2 import GetCacheLeaseResponse

from catalog.copies import keys_of_listings
from chassis import cache_state, invalidation
from chassis import redis as redis_module
from chassis.cache_leases import CacheLeaseServicer
from chassis.cache_state import CacheState
from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from gateway.cache import lease as lease_module
from gateway.cache import shared as shared_module
from localmesh.tcp_proxy import HEALTHY, Condition

from .held_shop import item

LASTS_S = 3.0
# A defect is found long before; the model then ends.
SABOTAGE_LASTS_S = 40.0
LEASE_S = 0.15
ITEMS = "12"
CONDITIONS = (
    Condition(stall_requests=True),
    Condition(stall_replies=True),
    Condition(stall_requests=True, stall_replies=True),
    Condition(reset=True),
    Condition(delay_s=0.01),
)


@pytest.fixture(autouse=True)
def scaled(monkeypatch):
    for module in (cache_state, invalidation):
        monkeypatch.setattr(module, "LEASE_S", LEASE_S)
    monkeypatch.setattr(invalidation, "_MARGIN_S", 0.02)
    monkeypatch.setattr(invalidation, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(redis_module, "TIMEOUT_S", 0.05)
    monkeypatch.setitem(redis_module.connect.__kwdefaults__, "timeout_s", 0.05)
    monkeypatch.setattr(lease_module, "_RENEW_EVERY_S", 0.03)


class PausedState(CacheState):
    """A writer that is paused before and after it suspends."""

    def __init__(self, database, pause):
        super().__init__(database)
        self._pause = pause

    async def suspend(self):
        await self._pause()
        generation = await super().suspend()
        await self._pause()
        return generation


class Model:
    """Versions of items and the number of registered items, as acknowledged; whoever reads compares."""

    def __init__(self, shop, gateways, writers, paths, seed):
        self._shop = shop
        self._gateways = gateways
        self._writers = writers
        self._paths = paths
        self._random = random.Random(seed)
        self._end = 0.0
        self._acknowledged = Counter(dict.fromkeys(ITEMS, 1))
        self._registered = 0
        self.sources = Counter()
        self.stale = 0

    @property
    def goes_on(self):
        return time.monotonic() < self._end and not self.stale

    async def pause(self):
        await asyncio.sleep(self._random.choice([0, 0, 0, 0.01, 0.3]))

    async def _acknowledge(self, writer, keys):
        """As a client does: ask again until the write is acknowledged."""
        while True:
            enter(RequestContext(deadline=time.monotonic() + 2))
            try:
                return await writer.run(keys)
            except Refusal:
                await asyncio.sleep(0.01)

    async def _update(self, item_id):
        while self.goes_on:
            self._shop.change(item_id)
            version = self._shop.items[item_id].version
            await self.pause()
            await self._acknowledge(self._random.choice(self._writers), [f"item:{item_id}"])
            self._acknowledged[item_id] = version
            await asyncio.sleep(self._random.choice([0, 0.05, 0.2]))

    async def _register(self):
        while self.goes_on:
            new = item(str(100 + self._registered), 7)
            self._shop.items[new.item_id] = new
            await self._acknowledge(self._random.choice(self._writers), keys_of_listings([new]))
            self._registered += 1
            await asyncio.sleep(0.1)

    async def _read(self, gateway):
        while self.goes_on:
            enter(RequestContext(deadline=time.monotonic() + 60))
            if self._random.random() < 0.1:
                registered = self._registered
                read = await gateway.search(category=7)
                self.stale += len(read.value.items) < registered
            else:
                item_id = self._random.choice(ITEMS)
                acknowledged = self._acknowledged[item_id]
                version, source = await gateway.read(item_id)
                self.stale += version < acknowledged
                self.sources[source] += 1
            await asyncio.sleep(0.002)

    async def _cut(self, path, healthy_s):
        while self.goes_on:
            await asyncio.sleep(healthy_s * self._random.choice([0.5, 1, 1.5]))
            path.set_condition(self._random.choice(CONDITIONS))
            await asyncio.sleep(self._random.choice([0.02, 0.1, 0.3]))
            path.set_condition(HEALTHY)

    async def run(self, lasts_s=LASTS_S):
        self._end = time.monotonic() + lasts_s
        async with asyncio.TaskGroup() as tasks:
            for item_id in ITEMS:
                tasks.create_task(self._update(item_id))
            tasks.create_task(self._register())
            for gateway in self._gateways * 2:
                tasks.create_task(self._read(gateway))
            for path, healthy_s in self._paths:
                tasks.create_task(self._cut(path, healthy_s))
        for gateway in self._gateways:
            await gateway.filled()


@pytest.fixture
async def model(open_gateway, open_writer, open_database, database_for, shop, redis_url, proxy_to, monkeypatch):
    """`await model(seed)`: each process has a path of its own to each store, healthy for about so long."""

    async def build(seed, state_class=PausedState):
        monkeypatch.setattr(cache_state, "SUSPENSION", timedelta(seconds=0.1))
        monkeypatch.setattr(invalidation, "_PROBE_EVERY_S", 0.03)
        dsn = await database_for("catalog")
        shop.leases = CacheLeaseServicer(CacheState(await open_database("catalog", dsn)), GetCacheLeaseResponse)
        paths, gateways, writers = [], [], []
        for name in ("one", "two"):
            path, url = await proxy_to(redis_url)
            gateways.append(await open_gateway("shared", url=url, name=name))
            paths.append((path, 2.0))
        built = Model(shop, gateways, writers, paths, seed)
        for _ in range(2):
            (redis_path, url), (database_path, own_dsn) = await proxy_to(redis_url), await proxy_to(dsn)
            state = state_class(await open_database("catalog", own_dsn), built.pause)
            writers.append(await open_writer(url, state))
            paths += [(redis_path, 0.4), (database_path, 2.0)]
        return built

    return build


@pytest.mark.parametrize("seed", range(2))
async def test_no_read_is_older_than_an_acknowledged_write(model, seed):
    played = await model(seed)
    await played.run()
    assert played.stale == 0
    # All of it took part, or this showed nothing.
    assert played.sources["shared"] > 20
    assert played.sources["miss"] > 20
    assert max(writer._generation for writer in played._writers) > 3


async def test_reads_are_stale_when_writers_do_not_wait(model, monkeypatch):
    # Gateways learn of a suspension as late as they may.
    monkeypatch.setattr(lease_module, "_RENEW_EVERY_S", LEASE_S)
    monkeypatch.setattr(invalidation, "LEASE_S", 0)
    monkeypatch.setattr(invalidation, "_MARGIN_S", 0)
    played = await model(0)
    await played.run(SABOTAGE_LASTS_S)
    assert played.stale > 0


async def test_reads_are_stale_when_copies_bear_no_generation(model, monkeypatch):
    monkeypatch.setattr(shared_module, "_tag_of", lambda _generation, _run_id: b"\xfa\x7f\x011")
    played = await model(0)
    await played.run(SABOTAGE_LASTS_S)
    assert played.stale > 0


class ForgetfulState(PausedState):
    """Waits for leases, and suspends nothing."""

    async def suspend(self):
        return 2


async def test_reads_are_stale_when_nobody_suspends(model):
    played = await model(0, ForgetfulState)
    await played.run(SABOTAGE_LASTS_S)
    assert played.stale > 0
