"""Telling the catalog which orders are recorded: nothing is lost when it is away, and open reservations run out."""

from .buyers import new_key


async def test_recorded_orders_are_settled(shop):
    for number in range(5):
        await shop.orders[number % 2].buy({"1": 1})
    session = shop.both.session()
    await session.add("2")
    await session.buy()
    assert await shop.open_reservations() == 6
    await shop.settle()
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_a_catalog_that_is_away_loses_no_settlement(shop):
    [first, second] = shop.orders
    await first.buy({"1": 1})
    for served in shop.catalog_replicas:
        await served.kill()
    await first.settlement.settle()
    await first.settlement.settle()
    assert await shop.open_reservations() == 1
    assert len(first.settlement._recorded) == 1
    assert second.settlement._recorded == []


async def test_a_replica_that_dies_before_it_settles_leaves_it_to_the_recovery(shop):
    [first, second] = shop.orders
    await first.buy({"1": 1})
    assert await second.recovery.finish_open_orders(min_age_ms=0) == 0
    await second.settlement.settle()
    assert await shop.open_reservations() == 0
    await shop.audit()


async def test_a_replay_settles_again_without_harm(shop):
    key = new_key()
    for replica in shop.orders * 2:
        await replica.buy({"1": 1}, key)
    await shop.settle()
    await shop.settle()
    assert await shop.open_reservations() == 0
    assert len((await shop.both.orders()).orders) == 1
