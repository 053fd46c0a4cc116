"""Counts never go back for a reader: their copies are away from before the change until after it."""

import asyncio
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from chassis.cache_state import CacheState
from chassis.invalidation import LEASE_PREFIX, Invalidation
from chassis.postgres import StoreDown
from review.worker.copies import Copies


async def test_a_held_copy_is_gone_and_readers_get_no_lease_until_it_is_released(cache, invalidation):
    copies = Copies(cache, invalidation)
    await cache.set("likes:1", "old")
    await copies.hold(["1", "2"])
    assert await cache.get("likes:1") is None
    assert not await cache.set(LEASE_PREFIX + "likes:1", "reader", nx=True)
    await copies.release(["1", "2"])
    assert await cache.set(LEASE_PREFIX + "likes:1", "reader", nx=True)


async def test_a_reader_that_had_a_lease_has_lost_it(cache, invalidation):
    copies = Copies(cache, invalidation)
    await cache.set(LEASE_PREFIX + "likes:1", "reader")
    await copies.hold(["1"])
    assert await cache.get(LEASE_PREFIX + "likes:1") != b"reader"


async def test_one_worker_does_not_release_what_the_next_one_holds(cache, invalidation):
    first, second = (Copies(cache, invalidation) for _ in range(2))
    await first.hold(["1"])
    await second.hold(["1"])
    await first.release(["1"])
    assert not await cache.set(LEASE_PREFIX + "likes:1", "reader", nx=True)
    await second.release(["1"])
    assert await cache.set(LEASE_PREFIX + "likes:1", "reader", nx=True)


async def test_what_a_dead_worker_held_comes_free_by_itself(cache, invalidation):
    await Copies(cache, invalidation).hold(["1"])
    assert 0 < await cache.pttl(LEASE_PREFIX + "likes:1") <= 10_000


async def test_the_copies_are_held_before_the_counts_are_committed(worker, ballot, cache, connection):
    """What a reader could see at the moment of the hold is what stands in the database: the old counts."""
    seen = []
    hold = worker.folding._copies.hold

    async def hold_and_look(album_ids):
        await hold(album_ids)
        seen.append((await connection.fetchval("SELECT count(*) FROM like_counts"), await cache.exists("likes:1")))

    worker.folding._copies.hold = hold_and_look
    await cache.set("likes:1", "old")
    await ballot.cast()
    await worker.fold_once()
    assert seen == [(0, 0)]
    assert await worker.counts("1") == [(1, 0)]


async def test_votes_are_counted_without_a_cache(worker, ballot):
    """After a suspension of caching, during which nobody can meet the old counts."""
    state = CacheState(worker.repository._database)
    async with Redis.from_url("redis://127.0.0.1:1/0") as nowhere, aclosing(Invalidation(nowhere, state)) as writer:
        worker.folding._copies = Copies(nowhere, writer)
        await ballot.cast()
        async with asyncio.timeout(30):
            await worker.fold_once()
    assert await state.lease() == (2, 0)
    assert await worker.counts("1") == [(1, 0)]


async def test_copies_of_a_batch_whose_release_failed_go_when_it_comes_again(worker, ballot, cache):
    copies = worker.folding._copies
    release, copies.release = copies.release, failing_release
    await ballot.cast()
    with pytest.raises(StoreDown):
        await worker.fold_once()
    copies.release = release
    # What a reader may have filled before the commit, when the fill lease of the hold had expired.
    await cache.set("likes:1", "old")
    await worker.stream.join()
    await worker.fold_once()
    assert not await cache.exists("likes:1")
    assert await worker.counts("1") == [(1, 0)]


async def failing_release(_album_ids):
    raise StoreDown("the database is not reachable")
