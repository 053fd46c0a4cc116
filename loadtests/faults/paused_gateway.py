"""A gateway that was paused comes back, and the cache that all share keeps what it has.

Besides: while that cache is away, writes wait for no longer than cached copies may live.
"""

import statistics
import time

from redis.asyncio import Redis

from loadtests.faults.history import Outcome
from loadtests.faults.injection import away, paused
from loadtests.faults.requests import change_item, register_item
from loadtests.faults.stage import Experiment, Stage

ITEMS = 50
PAUSES_S = (0.6, 1.6, 3.0)
WRITES = 10
WRITE_WITHIN_S = 1.0
_FLUSHES = ("cmdstat_flushdb", "cmdstat_flushall")


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    offers = [register_item(seller, f"cached {number}", price_cents=500, quantity=10) for number in range(ITEMS)]
    item_ids = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    for pause_s in PAUSES_S:
        await _pause(pause_s, item_ids, stage)
    async with stage.fault("the cache is away", away(stage.mesh, ["cache"])):
        seconds = []
        for number in range(WRITES):
            began = time.monotonic()
            attempt = await stage.shop.insist(change_item(seller, item_ids[0], price_cents=600 + number))
            stage.expect(attempt.outcome is Outcome.ACCEPTED, f"a write without the cache: {attempt.status}")
            seconds.append(time.monotonic() - began)
    usual = statistics.median(seconds)
    shown = ", ".join(f"{each:.2f}" for each in seconds)
    stage.expect(usual < WRITE_WITHIN_S, f"{WRITES} writes without the cache took {shown} s, the median {usual:.2f} s")


async def _pause(pause_s: float, item_ids: list[str], stage: Stage) -> None:
    """Everything is cached; then one gateway is paused, and looks around when it is back."""
    for gateway in (0, 1):
        await _sources(item_ids, gateway, stage)
    cached, flushes = await _cached(stage), await _flushes(stage)
    async with stage.fault(f"gateway-0 is paused for {pause_s} s", paused(stage.mesh, ["gateway-0"])):
        await stage.mesh.until_paused("gateway-0")
        await stage.lasting(pause_s)
    await _sources(item_ids[:5], 0, stage)
    kept, flushed = await _cached(stage), await _flushes(stage) - flushes
    sources = await _sources(item_ids, 1, stage)
    stage.expect(
        flushed == 0 and kept >= cached * 0.9,
        f"after {pause_s} s: {kept} of {cached} entries kept, {flushed} flushes; the other gateway reads {sources}",
    )


async def _sources(item_ids: list[str], gateway: int, stage: Stage) -> dict[str, int]:
    """How many items each cache answered for."""
    sources: dict[str, int] = {}
    for item_id in item_ids:
        answer = await stage.shop.ask(f"/v1/items/{item_id}", gateway)
        source = answer.headers.get("x-cache", "")
        sources[source] = sources.get(source, 0) + 1
    return sources


async def _cached(stage: Stage) -> int:
    async with Redis.from_url(stage.mesh.cache_url) as cache:
        return int(await cache.dbsize())


async def _flushes(stage: Stage) -> int:
    async with Redis.from_url(stage.mesh.cache_url) as cache:
        statistics_of = await cache.info("commandstats")
    return sum(int(statistics_of.get(name, {"calls": 0})["calls"]) for name in _FLUSHES)


EXPERIMENT = Experiment(
    "paused-gateway", "a paused gateway leaves the cache of the others alone", play, cache="tiered", gateways=2
)
