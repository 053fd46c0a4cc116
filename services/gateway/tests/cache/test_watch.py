"""The watch of a healthy Redis, and what becomes of it when single connections end."""

import asyncio
import logging
import math

import pytest

from gateway.cache import watch as watch_module
from gateway.cache.local import TRUSTED_S
from gateway.cache.watch import _ANSWER_WITHIN_S, _PROBE_EVERY_S

pytestmark = pytest.mark.usefixtures("unhurried")


def test_redis_that_answers_as_late_as_allowed_stays_trusted():
    assert _PROBE_EVERY_S + _ANSWER_WITHIN_S < TRUSTED_S


@pytest.fixture
def no_probes(monkeypatch):
    """What is noticed without them was told by Redis."""
    monkeypatch.setattr(watch_module, "_PROBE_EVERY_S", 600.0)


@pytest.mark.usefixtures("no_probes")
async def test_a_change_is_dropped_by_its_push(open_gateway, invalidation, shop, eventually):
    gateway = await open_gateway()
    for _ in range(20):
        await gateway.learned("1")
        shop.change("1")
        await invalidation.run(["item:1"])
        await eventually(lambda: gateway.tiers.local.get("item:1", math.inf) is None)
        assert await gateway.read("1") == (shop.items["1"].version, "miss")
        await gateway.filled()
    assert gateway.is_trusting


async def test_other_keys_stay(open_gateway, invalidation, eventually):
    gateway = await open_gateway()
    for item_id in "12":
        await gateway.learned(item_id)
    await invalidation.run(["item:1"])
    await eventually(lambda: gateway.tiers.local.get("item:1", math.inf) is None)
    assert await gateway.read("2") == (1, "local")


async def test_keys_that_are_no_text_disturb_nobody(open_gateway, eventually, count):
    lost = count("trust_lost")
    gateway = await open_gateway()
    await gateway.learned("1")
    await gateway.redis.set(b"item:\xff\xfe", "foreign")
    await gateway.redis.delete("item:1")
    await eventually(lambda: gateway.tiers.local.get("item:1", math.inf) is None)
    assert gateway.is_trusting
    assert count("trust_lost") == lost


@pytest.mark.usefixtures("no_probes")
async def test_what_somebody_emptied_is_gone_at_once(open_gateway, eventually):
    gateway = await open_gateway()
    for item_id in "12":
        await gateway.learned(item_id)
    await gateway.redis.flushall()
    await eventually(lambda: gateway.tiers.local.size == (0, 0))
    assert gateway.is_trusting
    assert (await gateway.read("1"))[1] == "miss"


async def clients_of(redis, gateway="gateway"):
    return [client for client in await redis.client_list() if client["name"] == gateway]


async def connections_of(redis):
    """The pushes' connection and the tracker's, as soon as Redis has noticed the end of those before."""
    async with asyncio.timeout(20):
        while True:
            found = await clients_of(redis)
            pushes = [client for client in found if int(client["sub"])]
            tracker = [client for client in found if "t" in client["flags"]]
            if len(pushes) == len(tracker) == 1:
                return pushes[0], tracker[0]


@pytest.mark.parametrize("which", [0, 1], ids=["pushes", "tracker"])
@pytest.mark.usefixtures("no_probes")
async def test_the_end_of_one_connection_closes_and_opens_the_local_tier(
    open_gateway, invalidation, shop, eventually, which
):
    gateway = await open_gateway()
    await gateway.learned("1")
    victim = (await connections_of(invalidation._redis))[which]
    await invalidation._redis.client_kill_filter(_id=victim["id"])
    # Nobody tells of changes any more.
    await eventually(lambda: gateway.tiers.local.get("item:1", math.inf) is None)
    shop.change("1")
    await invalidation.run(["item:1"])
    await eventually(lambda: gateway.is_trusting)
    await gateway.learned("1")
    assert await gateway.read("1") == (2, "local")
    await connections_of(invalidation._redis)


async def test_many_reconnects_leave_no_connection_and_no_task(open_gateway, invalidation, eventually, monkeypatch):
    monkeypatch.setattr(watch_module, "_RECONNECT_AFTER_S", 0.001)
    gateway = await open_gateway()
    tasks = len(asyncio.all_tasks())
    for number in range(30):
        if number % 3 == 2:
            gateway.tiers._watch.doubt()
        else:
            victim = (await connections_of(invalidation._redis))[number % 3]
            await invalidation._redis.client_kill_filter(_id=victim["id"])
        await eventually(lambda: not gateway.is_trusting)
        await eventually(lambda: gateway.is_trusting)
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
    async with asyncio.timeout(20):
        while len(await clients_of(invalidation._redis)) > 2:
            await asyncio.sleep(0.001)


async def test_an_unexpected_error_ends_trust_is_logged_and_does_not_end_the_watch(
    open_gateway, eventually, monkeypatch, caplog
):
    gateway = await open_gateway()
    await gateway.learned("1")

    def fail(_key):
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr(gateway.tiers.local, "drop", fail)
    with caplog.at_level(logging.ERROR):
        await gateway.redis.set("item:9", "changed")
        await eventually(lambda: not gateway.is_trusting)
    assert gateway.tiers.local.size == (0, 0)
    await eventually(lambda: gateway.is_trusting)
    assert "ZeroDivisionError" in caplog.text
    await gateway.learned("1")


async def test_a_failed_call_ends_trust_until_redis_was_probed(open_gateway, eventually, count):
    gateway = await open_gateway()
    await gateway.learned("1")
    lost = count("trust_lost")
    gateway.tiers._watch.doubt()
    assert not gateway.is_trusting
    assert await gateway.read("1") == (1, "miss")
    await eventually(lambda: gateway.is_trusting)
    assert count("trust_lost") == lost + 1
