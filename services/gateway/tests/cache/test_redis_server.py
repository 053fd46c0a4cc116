"""Redis servers that come back with what they had once, or give way to a replica."""

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.cache.redis_server import RedisServer

from .held_shop import item

MODES = pytest.mark.parametrize("mode", ["shared", "tiered"])


@MODES
async def test_copies_restored_from_a_snapshot_are_not_shown(
    open_gateway, own_redis, own_writer, shop, eventually, mode
):
    gateway = await open_gateway(mode, url=own_redis.url)
    await gateway.warmed("1")
    async with own_redis.client("operator") as operator:
        await operator.save()
        shop.change("1")
        # Confirmed: no reader is told of anything.
        await own_writer.run(["item:1"])
        own_redis.kill()
        await own_redis.start()
        assert await operator.exists("item:1")
    for _ in range(3):
        assert (await gateway.read("1"))[0] == 2
    await eventually(lambda: gateway.is_trusting)
    await gateway.warmed("1")
    assert (await gateway.read("1"))[0] == 2


async def test_page_restored_from_a_snapshot_is_not_shown(open_gateway, own_redis, own_writer, shop, eventually):
    async def ids():
        read = await gateway.search(category=1)
        await gateway.filled()
        return [item.message.item_id for item in read.value.items]

    gateway = await open_gateway("shared", url=own_redis.url)
    assert await ids() == ["1", "3"]
    async with own_redis.client("operator") as operator:
        await operator.save()
    shop.items["5"] = item("5", 1)
    await own_writer.run(["scope:1", "scope:all"])
    own_redis.kill()
    await own_redis.start()
    assert await ids() == ["1", "3", "5"]
    await eventually(lambda: gateway.is_trusting)
    for _ in range(3):
        assert await ids() == ["1", "3", "5"]


async def test_connection_to_another_server_is_refused_until_followed(own_redis):
    async with own_redis.client("reader") as redis:
        server = RedisServer(redis)
        await redis.ping()
        first = server.run_id
        own_redis.kill()
        await own_redis.start()
        for _ in range(2):
            with pytest.raises(RedisConnectionError, match="another Redis server"):
                await redis.ping()
            assert server.run_id == first
        await server.follow()
        await redis.ping()
        assert server.run_id not in ("", first)
