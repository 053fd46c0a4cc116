"""Redis killed, started again, and paused: no read fails, and nothing is shown that changed while nobody could tell."""

import asyncio
import time

import pytest

from chassis import invalidation
from chassis.invalidation import COPIES_DIE_WITHIN_S
from gateway.cache.local import TRUSTED_S

MODES = pytest.mark.parametrize("mode", ["shared", "tiered"])


async def warm(gateway):
    """Item 1 is in every tier there is."""
    nearest = "shared" if gateway.tiers._watch._local is None else "local"
    async with asyncio.timeout(60):
        while (await gateway.read("1"))[1] != nearest:
            await gateway.filled()


@MODES
@pytest.mark.usefixtures("unhurried")
async def test_a_killed_redis_fails_no_read_and_is_emptied_by_its_end(
    open_gateway, own_redis, shop, eventually, mode, count
):
    gateway = await open_gateway(mode, url=own_redis.url)
    await warm(gateway)
    lost = count("trust_lost")
    own_redis.kill()
    # Without a look at the clock, by which it would be trusted for a minute more.
    await eventually(lambda: not gateway.is_trusting)
    assert gateway.tiers.local.size == (0, 0)
    for price_cents in (100, 200, 300):
        shop.change("1", price_cents=price_cents)
        assert await gateway.read("1") == (shop.items["1"].version, "miss")
    assert count("trust_lost") == lost + 1
    await own_redis.start()
    await eventually(lambda: gateway.is_trusting)
    await warm(gateway)
    assert (await gateway.read("1"))[0] == shop.items["1"].version


async def test_reads_that_meet_the_end_of_redis_go_on_to_the_catalog(open_gateway, own_redis, shop):
    gateway = await open_gateway("shared", url=own_redis.url)
    await warm(gateway)
    reads = [asyncio.create_task(gateway.read(item_id)) for item_id in "1234" * 25]
    await asyncio.sleep(0)
    own_redis.kill()
    assert {version for version, _ in await asyncio.gather(*reads)} == {1}


async def test_a_gateway_starts_without_redis_and_empties_the_one_that_comes(open_gateway, own_redis, shop, eventually):
    async with own_redis.client("filler") as filler:
        await filler.set("item:1", b"from before the silence")
    own_redis.pause()
    gateway = await open_gateway("shared", url=own_redis.url, wait=False)
    assert await gateway.read("1") == (1, "miss")
    # One attempt has failed by now: nobody may have been able to delete what Redis holds.
    await eventually(lambda: gateway.tiers._watch._was_lost)
    own_redis.resume()
    await eventually(lambda: gateway.is_trusting)
    assert await gateway.read("1") == (1, "miss")


@pytest.mark.usefixtures("unhurried")
async def test_a_gateway_that_joins_a_healthy_redis_does_not_empty_it(open_gateway, own_redis):
    first = await open_gateway("shared", url=own_redis.url)
    await warm(first)
    second = await open_gateway("shared", url=own_redis.url, name="second")
    assert await second.read("1") == (1, "shared")


@MODES
async def test_nothing_that_changed_during_a_pause_is_shown_after_its_writer_was_answered(
    open_gateway, own_redis, own_writer, shop, eventually, mode
):
    """Both gateways are idle meanwhile, so that no failed call tells them of the pause."""
    gateways = [await open_gateway(mode, url=own_redis.url, name=name) for name in ("one", "two")]
    for gateway in gateways:
        await warm(gateway)
    own_redis.pause()
    shop.change("1")
    started = time.monotonic()
    await own_writer.run(["item:1"])
    assert COPIES_DIE_WITHIN_S - 0.1 < time.monotonic() - started < 10 * COPIES_DIE_WITHIN_S
    for gateway in gateways:
        assert not gateway.is_trusting
        assert await gateway.read("1") == (2, "miss")
    # This one's deletion does not even lie in a buffer of the paused server: nobody waits for it any more.
    shop.change("1")
    await own_writer.run(["item:2"])
    own_redis.resume()
    for gateway in gateways:
        async with asyncio.timeout(60):
            while not gateway.is_trusting:
                assert (await gateway.read("1"))[0] == 3
                await asyncio.sleep(0.001)
        await warm(gateway)
        assert (await gateway.read("1"))[0] == 3


async def test_a_fill_that_redis_slept_through_is_not_shown(open_gateway, own_redis, own_writer, shop, eventually):
    gateway = await open_gateway("shared", url=own_redis.url)
    with shop.held() as hold:
        reader = asyncio.create_task(gateway.read("1"))
        await hold.arrived.wait()
        own_redis.pause()
        hold.release()
        # Its fill lies in the buffer of the paused server, and its lease stands.
        assert await reader == (1, "miss")
        await gateway.filled()
    shop.change("1")
    await own_writer.run(["item:1"])
    own_redis.resume()
    await eventually(lambda: gateway.is_trusting)
    assert await gateway.read("1") == (2, "miss")


async def test_a_short_pause_makes_the_writer_wait_for_its_end(
    open_gateway, own_redis, own_writer, shop, eventually, monkeypatch
):
    # However long the machine makes it, to the writer it is short.
    monkeypatch.setattr(invalidation, "COPIES_DIE_WITHIN_S", 120.0)
    gateway = await open_gateway(url=own_redis.url)
    await warm(gateway)
    own_redis.pause()
    shop.change("1")
    writer = asyncio.create_task(own_writer.run(["item:1"]))
    await eventually(lambda: own_writer._silent_since)
    assert not writer.done()
    own_redis.resume()
    await writer
    async with asyncio.timeout(20):
        while (await gateway.read("1"))[0] != 2:
            await asyncio.sleep(0.001)


async def test_a_process_that_was_paused_wakes_up_without_trust(open_gateway, eventually):
    gateway = await open_gateway()
    await warm(gateway)
    # Nothing of the loop runs meanwhile, as if the process had been stopped.
    time.sleep(TRUSTED_S + 0.1)  # noqa: ASYNC251
    assert await gateway.read("1") == (1, "miss")
    await eventually(lambda: gateway.is_trusting)
