"""Redis killed, started again, and paused: no read fails, and nothing is shown that is older than an answered write."""

import asyncio
import time

import pytest

from gateway.cache.local import TRUSTED_S

MODES = pytest.mark.parametrize("mode", ["shared", "tiered"])


@MODES
@pytest.mark.usefixtures("unhurried")
async def test_a_killed_redis_fails_no_read(open_gateway, own_redis, shop, eventually, mode, count):
    gateway = await open_gateway(mode, url=own_redis.url)
    await gateway.warmed("1")
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
    await gateway.warmed("1")
    assert (await gateway.read("1"))[0] == shop.items["1"].version


async def test_reads_that_meet_the_end_of_redis_go_on_to_the_catalog(open_gateway, own_redis, shop):
    gateway = await open_gateway("shared", url=own_redis.url)
    await gateway.warmed("1")
    reads = [asyncio.create_task(gateway.read(item_id)) for item_id in "1234" * 25]
    await asyncio.sleep(0)
    own_redis.kill()
    assert {version for version, _ in await asyncio.gather(*reads)} == {1}


async def test_a_gateway_starts_without_redis(open_gateway, own_redis, eventually):
    own_redis.pause()
    gateway = await open_gateway("shared", url=own_redis.url, wait=False)
    assert await gateway.read("1") == (1, "miss")
    own_redis.resume()
    await eventually(lambda: gateway.is_trusting)
    await gateway.warmed("1")


@MODES
async def test_a_write_during_a_pause_of_redis_is_visible_at_once(open_gateway, own_redis, own_writer, shop, mode):
    """Both gateways are idle meanwhile, so that no failed call tells them of the pause."""
    gateways = [await open_gateway(mode, url=own_redis.url, name=name) for name in ("one", "two")]
    for gateway in gateways:
        await gateway.warmed("1")
    own_redis.pause()
    for version in (2, 3):
        shop.change("1")
        await own_writer.run(["item:1"])
        for gateway in gateways:
            assert await gateway.read("1") == (version, "miss")
    own_redis.resume()
    for gateway in gateways:
        async with asyncio.timeout(60):
            while not gateway.is_trusting:
                assert (await gateway.read("1"))[0] == 3
                await asyncio.sleep(0.001)
        await gateway.warmed("1")
        assert (await gateway.read("1"))[0] == 3


async def test_a_fill_that_redis_slept_through_is_not_shown(open_gateway, own_redis, own_writer, shop, eventually):
    gateway = await open_gateway("shared", url=own_redis.url)
    with shop.held() as hold:
        reader = asyncio.create_task(gateway.read("1"))
        await hold.arrived.wait()
        own_redis.pause()
        hold.release()
        # Its fill lies in the buffer of the paused server, and its fill lease stands.
        assert await reader == (1, "miss")
        await gateway.filled()
    shop.change("1")
    await own_writer.run(["item:1"])
    own_redis.resume()
    await eventually(lambda: gateway.is_trusting)
    assert (await gateway.read("1"))[0] == 2


async def test_a_paused_process_wakes_up_without_trust(open_gateway, eventually):
    gateway = await open_gateway()
    await gateway.warmed("1")
    # Nothing of the loop runs meanwhile, as if the process had been stopped.
    time.sleep(TRUSTED_S + 0.1)  # noqa: ASYNC251
    assert await gateway.read("1") == (1, "miss")
    await eventually(lambda: gateway.is_trusting)


async def test_a_paused_gateway_leaves_the_shared_tier_to_others(open_gateway, shop, eventually):
    gateways = [await open_gateway("shared", name=name) for name in ("one", "two")]
    for item_id in "1234":
        await gateways[0].warmed(item_id)
    time.sleep(TRUSTED_S + 0.6)  # noqa: ASYNC251
    shop.calls.clear()
    for gateway in gateways:
        await eventually(lambda gateway=gateway: gateway.is_trusting)
        assert {await gateway.read(item_id) for item_id in "1234"} == {(1, "shared")}
    assert shop.calls == []
