"""Token buckets: those of one process, and those that replicas share. Both do the same."""

import asyncio
import random

import pytest

from account.shared_buckets import SharedBuckets
from account.token_buckets import Charge, Limit, LocalBuckets
from chassis.redis import connect

SLOW = Limit(burst=3, interval_s=600.0)


@pytest.fixture
async def redis(redis_url):
    async with connect(redis_url, name="test", timeout_s=30.0) as client:
        yield client


@pytest.fixture(params=["local", "shared"])
def buckets(request, redis):
    return LocalBuckets() if request.param == "local" else SharedBuckets(redis, LocalBuckets())


async def test_a_bucket_gives_its_burst_and_then_says_how_long_to_wait(buckets):
    charge = Charge("guesses", SLOW)
    assert [await buckets.take([charge]) for _ in range(3)] == [0, 0, 0]
    assert 590 < await buckets.take([charge]) <= 600
    assert 590 < buckets.wait_s([charge]) <= 600
    assert await buckets.take([Charge("others", SLOW)]) == 0


async def test_tokens_come_back_one_by_one(buckets):
    charge = Charge("guesses", Limit(burst=2, interval_s=0.05))
    taken = [await buckets.take([charge]) for _ in range(2)]
    wait_s = await buckets.take([charge])
    await asyncio.sleep(max(wait_s, 0.05) + 0.01)
    assert taken == [0, 0]
    assert await buckets.take([charge]) == 0


async def test_of_several_buckets_all_or_none_are_charged(buckets):
    await buckets.take([Charge("empty", SLOW, tokens=3)])
    assert await buckets.take([Charge("full", SLOW), Charge("empty", SLOW)]) > 0
    assert buckets.wait_s([Charge("full", SLOW, tokens=3)]) == 0


async def test_tokens_given_back_can_be_taken_again(buckets):
    for _ in range(10):
        assert await buckets.take([Charge("guesses", SLOW)]) == 0
        await buckets.take([Charge("guesses", SLOW, tokens=-1)])
    await buckets.take([Charge("guesses", SLOW, tokens=-1)])
    assert await buckets.take([Charge("guesses", SLOW, tokens=4)]) > 0, "nothing is gained beyond the burst"


async def test_asking_for_a_token_takes_none(buckets):
    for _ in range(10):
        assert await buckets.take([Charge("guesses", SLOW, tokens=0)]) == 0
    await buckets.take([Charge("guesses", SLOW, tokens=3)])
    assert await buckets.take([Charge("guesses", SLOW, tokens=0)]) > 0


async def test_a_mark_is_found_by_its_own_name(buckets):
    await buckets.set_mark("ann")
    assert await buckets.is_marked("ann")
    assert not await buckets.is_marked("bob")


def test_limits_of_an_hour_hold_in_every_hour():
    for number in (1, 2, 5, 20, 3600):
        limit = Limit.per_hour(number)
        assert limit.burst + 3600 / limit.interval_s <= number + (number == 1)


def test_of_too_many_buckets_the_oldest_are_forgotten():
    async def fill():
        buckets = LocalBuckets(max_buckets=10)
        for number in range(100):
            await buckets.take([Charge(f"{number}", SLOW, tokens=3)])
            await buckets.set_mark(f"{number}")
        assert buckets.wait_s([Charge("0", SLOW)]) == 0
        assert buckets.wait_s([Charge("99", SLOW)]) > 0
        assert not await buckets.is_marked("0")

    asyncio.run(fill())


async def test_replicas_share_tokens_and_marks(redis):
    one, two = (SharedBuckets(redis, LocalBuckets()) for _ in range(2))
    takes = [random.choice((one, two)).take([Charge("guesses", SLOW)]) for _ in range(50)]
    assert sum(wait_s == 0 for wait_s in await asyncio.gather(*takes)) == 3
    await one.set_mark("ann")
    assert await two.is_marked("ann")


async def test_a_flood_is_soon_rejected_without_redis(redis, monkeypatch):
    one, two = (SharedBuckets(redis, LocalBuckets()) for _ in range(2))
    await one.take([Charge("guesses", SLOW, tokens=3)])
    assert [await two.take([Charge("guesses", SLOW)]) > 0 for _ in range(3)] == [True] * 3
    assert two.wait_s([Charge("guesses", SLOW)]) > 0


async def test_buckets_disappear_when_they_are_full(redis):
    shared = SharedBuckets(redis, LocalBuckets())
    await shared.take([Charge("guesses", SLOW)])
    await shared.take([Charge("guesses", SLOW, tokens=-1)])
    assert await redis.keys("account:limit:*") == []
    await shared.take([Charge("guesses", SLOW)])
    [key] = await redis.keys("account:limit:*")
    assert 590_000 < await redis.pttl(key) <= 600_000


async def test_without_redis_a_replica_limits_by_itself(breakable_valkey):
    async with connect(breakable_valkey.url, name="test") as client:
        shared = SharedBuckets(client, LocalBuckets())
        breakable_valkey.stop()
        assert [await shared.take([Charge("guesses", SLOW)]) for _ in range(3)] == [0, 0, 0]
        assert await shared.take([Charge("guesses", SLOW)]) > 0
        await shared.set_mark("ann")
        assert await shared.is_marked("ann")
