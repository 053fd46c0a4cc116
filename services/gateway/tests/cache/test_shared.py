"""The shared tier by itself, over a real Valkey: leases are what keeps old values out."""

from unittest.mock import ANY

import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.invalidation import LEASE_PREFIX
from chassis.redis import connect
from gateway.cache import shared as shared_module
from gateway.cache.redis_server import RedisServer
from gateway.cache.shared import SharedCache

KEY, OTHER = "item:1", "item:2"
GENERATION = 7


pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture
async def redis(redis_url):
    async with connect(redis_url, name="reader", timeout_s=60) as redis:
        yield redis


@pytest.fixture
async def shared(redis) -> SharedCache:
    await redis.connection_pool.disconnect()
    server = RedisServer(redis)
    await redis.ping()
    return SharedCache(redis, server)


async def lease(shared, *keys):
    values, leases = await shared.get_or_lease(keys or [KEY], GENERATION)
    assert values == {}
    return leases


async def value_of(shared, key=KEY):
    return (await shared.get_or_lease([key], GENERATION))[0].get(key)


async def test_what_one_reader_filled_every_reader_finds(shared, redis):
    await shared.fill({KEY: b"new"}, await lease(shared))
    values, leases = await SharedCache(redis, shared._server).get_or_lease([OTHER, KEY], GENERATION)
    assert values == {KEY: b"new"}
    assert leases.keys == {OTHER}
    assert 0 < await redis.pttl(KEY) <= 60_000
    assert not await redis.exists(LEASE_PREFIX + KEY)


async def test_an_empty_value_is_a_value(shared):
    await shared.fill({KEY: b""}, await lease(shared))
    assert await value_of(shared) == b""


async def test_a_paused_reader_cannot_put_an_old_value_back(shared, invalidation, count):
    rejected = count("stale_rejected", tier="shared")
    paused = await lease(shared, KEY, OTHER)
    await invalidation.run([KEY])
    await shared.fill({KEY: b"old", OTHER: b"unchanged"}, paused)
    assert await value_of(shared) is None
    assert await value_of(shared, OTHER) == b"unchanged"
    assert count("stale_rejected", tier="shared") == rejected + 1


async def test_a_paused_reader_cannot_fill_under_the_lease_of_a_later_one(shared, invalidation):
    paused = await lease(shared)
    await invalidation.run([KEY])
    later = await lease(shared)
    await shared.fill({KEY: b"old"}, paused)
    assert await value_of(shared) is None
    await shared.fill({KEY: b"new"}, later)
    assert await value_of(shared) == b"new"
    await shared.fill({KEY: b"old"}, paused)
    assert await value_of(shared) == b"new"


async def test_only_the_first_of_two_readers_may_fill(shared):
    first, second = await lease(shared), await lease(shared)
    assert second.keys == frozenset()
    await shared.fill({KEY: b"second"}, second)
    assert await value_of(shared) is None
    await shared.fill({KEY: b"first"}, first)
    assert await value_of(shared) == b"first"


async def test_a_lease_is_good_for_one_fill(shared, invalidation):
    leases = await lease(shared)
    await shared.fill({KEY: b"new"}, leases)
    await invalidation.run([KEY])
    await shared.fill({KEY: b"old"}, leases)
    assert await value_of(shared) is None


async def test_an_expired_lease_lets_nothing_in_and_the_next_reader_has_its_own(shared, redis):
    expired = await lease(shared)
    assert 0 < await redis.pttl(LEASE_PREFIX + KEY) <= shared_module._LEASE_MS
    await redis.pexpire(LEASE_PREFIX + KEY, 0)
    await shared.fill({KEY: b"old"}, expired)
    next_one = await lease(shared)
    assert next_one.keys == {KEY}
    await shared.fill({KEY: b"old"}, expired)
    assert await value_of(shared) is None


@pytest.mark.parametrize("evicted", [KEY, LEASE_PREFIX + KEY], ids=["value", "lease"])
async def test_whatever_is_evicted_no_old_fill_gets_in(shared, redis, invalidation, evicted):
    paused = await lease(shared)
    await redis.delete(evicted)
    await invalidation.run([KEY])
    await redis.delete(evicted)
    await shared.fill({KEY: b"old"}, paused)
    assert await value_of(shared) is None


async def test_the_eviction_of_a_value_does_not_bring_back_the_lease_it_was_filled_under(shared, redis, invalidation):
    used = await lease(shared)
    await shared.fill({KEY: b"first"}, used)
    await redis.delete(KEY)
    await shared.fill({KEY: b"old"}, used)
    assert await redis.get(KEY) is None


async def test_an_invalidation_deletes_value_and_lease(shared, redis, invalidation):
    await shared.fill({KEY: b"old"}, await lease(shared))
    await lease(shared, OTHER)
    await invalidation.run([KEY, OTHER])
    assert await redis.dbsize() == 0


async def test_scripts_that_redis_forgot_are_taught_again(shared, redis):
    leases = await lease(shared)
    await redis.script_flush()
    await shared.fill({KEY: b"new"}, leases)
    await redis.script_flush()
    assert await value_of(shared) == b"new"


async def test_a_copy_of_another_generation_is_missing_and_replaced(shared):
    await shared.fill({KEY: b"old"}, await lease(shared))
    for generation in (GENERATION + 1, GENERATION - 1, GENERATION * 10, GENERATION):
        values, leases = await shared.get_or_lease([KEY], generation)
        assert values == {}
        await shared.fill({KEY: b"new"}, leases)
        assert await shared.get_or_lease([KEY], generation) == ({KEY: b"new"}, ANY)


async def test_gateways_of_the_release_before_can_read_a_tagged_copy(shared, redis):
    """They know no generations; both run beside each other during an update."""
    item = pb.Item(item_id="1", name="Lamp", version=3)
    await shared.fill({KEY: item.SerializeToString()}, await lease(shared))
    old = pb.Item.FromString(await redis.get(KEY))
    assert (old.item_id, old.name, old.version) == ("1", "Lamp", 3)
    # And what these fill without a generation is missing to us.
    await redis.set(KEY, item.SerializeToString())
    assert await value_of(shared) is None


async def test_the_first_reader_of_a_scope_makes_up_its_version(shared, redis):
    version, is_new, page = await shared.get_page("scope:1", "page:x", GENERATION)
    assert (is_new, page) == (True, None)
    await shared.put_page("page:x", b"page")
    assert await shared.get_page("scope:1", "page:x", GENERATION) == (version, False, b"page")
    await redis.delete("scope:1")
    # The page is still there: its reader sees that it is of a version that is gone.
    other, is_new, page = await shared.get_page("scope:1", "page:x", GENERATION)
    assert (other != version, is_new, page) == (True, True, b"page")


async def test_a_scopes_version_ends_with_its_generation(shared, redis):
    versions = [(await shared.get_page("scope:1", "page:x", generation))[:2] for generation in (7, 7, 8, 7, 77)]
    assert [is_new for _, is_new in versions] == [True, False, True, True, True]
    assert len({version for version, _ in versions}) == 4
