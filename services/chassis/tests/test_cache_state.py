"""Cache state: leases and suspensions of a service, in the order of its database's transactions."""

import asyncio
from datetime import timedelta

import pytest

from chassis import cache_state as module
from chassis.cache_state import LEASE_S, CacheState

LEASE_MS = int(LEASE_S * 1000)


@pytest.fixture
def suspensions_lapse(monkeypatch):
    monkeypatch.setattr(module, "SUSPENSION", timedelta())


async def test_suspension_has_a_generation_of_its_own(cache_state):
    assert await cache_state.lease() == (1, LEASE_MS)
    assert await cache_state.suspend() == 2
    assert await cache_state.lease() == (2, 0)


async def test_suspension_in_force_is_extended_by_every_replica(cache_state):
    other = CacheState(cache_state._database)
    assert {await cache_state.suspend(), await other.suspend(), await cache_state.suspend()} == {2}


@pytest.mark.usefixtures("suspensions_lapse")
async def test_lapsed_suspension_is_in_force_until_ended(cache_state):
    """However wrong the clock is: what was written before the extension was written while nobody had a lease."""
    await cache_state.suspend()
    assert await cache_state.suspend() == 2
    assert await cache_state.lease() == (2, 0)
    assert await cache_state.lease() == (2, LEASE_MS)
    assert await cache_state.suspend() == 3


async def test_suspension_is_not_ended_before_it_lapsed(cache_state, monkeypatch):
    await cache_state.suspend()
    monkeypatch.setattr(module, "SUSPENSION", timedelta())
    assert await cache_state.suspend() == 2
    for _ in range(2):
        assert await cache_state.lease() == (2, 0)


@pytest.mark.usefixtures("suspensions_lapse")
async def test_no_suspension_is_extended_after_a_lease(open_database, database_for):
    """Leases and suspensions of several replicas, each on a connection of its own, in any order."""
    dsn = await database_for("catalog")
    replicas = [CacheState(await open_database("catalog", dsn)) for _ in range(4)]
    granted = set()
    suspending = True

    async def suspend(state):
        for _ in range(60):
            before = set(granted)
            assert await state.suspend() not in before

    async def lease(state):
        while suspending:
            generation, milliseconds = await state.lease()
            if milliseconds:
                granted.add(generation)

    leasing = [asyncio.create_task(lease(state)) for state in replicas[:2]]
    await asyncio.gather(*map(suspend, replicas[2:]))
    suspending = False
    await asyncio.gather(*leasing)
    assert len(granted) > 1
