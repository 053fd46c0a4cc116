"""A gateway that was paused comes back, and the cache that all share keeps what it has.

Besides: while that cache is away, writes wait for no longer than cached copies may live.
"""

import asyncio
import statistics
import time

from redis.asyncio import Redis

from loadtests.faults.history import Outcome
from loadtests.faults.injection import links_set, paused
from loadtests.faults.requests import Visitor, change_item, register_item
from loadtests.faults.stage import Experiment, Stage
from localmesh.tcp_proxy import Condition

ITEMS = 50
PAUSES_S = (0.6, 1.6, 3.0)
WRITES = 10
WRITE_WITHIN_S = 1.0
LOST = 0.1


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    offers = [register_item(seller, f"cached {number}", price_cents=500, quantity=10) for number in range(ITEMS)]
    item_ids = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    for pause_s in PAUSES_S:
        await _pause(pause_s, item_ids, stage)
    links = [link for link in await stage.mesh.links() if link[1] == "cache"]
    silence = links_set(stage.mesh, links, Condition(stall_requests=True, stall_replies=True))
    async with stage.fault("the cache is silent to all, as while its Pod is replaced", silence):
        seconds = [await _write(seller, item_ids[0], 600 + number, stage) for number in range(WRITES)]
    usual = statistics.median(seconds)
    shown = ", ".join(f"{each:.2f}" for each in seconds)
    stage.expect(usual < WRITE_WITHIN_S, f"{WRITES} writes without the cache took {shown} s, the median {usual:.2f} s")


async def _write(seller: Visitor, item_id: str, price: int, stage: Stage) -> float:
    began = time.monotonic()
    attempt = await stage.shop.insist(change_item(seller, item_id, price_cents=price))
    if attempt.outcome is not Outcome.ACCEPTED:
        stage.expect(False, f"a write without the cache: {attempt.status or attempt.error}")
    return time.monotonic() - began


async def _pause(pause_s: float, item_ids: list[str], stage: Stage) -> None:
    """Everything is cached; then one gateway is paused, and looks around when it is back."""
    for gateway in (0, 1):
        await _sources(item_ids, gateway, stage)
    cached = await _cached(stage)
    async with stage.fault(f"gateway-0 is paused for {pause_s} s", paused(stage.mesh, ["gateway-0"])):
        await asyncio.sleep(pause_s)
    await _sources(item_ids[:5], 0, stage)
    sources, kept = await _sources(item_ids, 1, stage), await _cached(stage)
    stage.expect(
        kept >= cached * (1 - LOST),
        f"after {pause_s} s: of {cached} shared entries {kept}; the other gateway reads {sources}",
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


EXPERIMENT = Experiment(
    "paused-gateway",
    "a paused gateway leaves the cache of the others alone",
    play,
    cache="tiered",
    gateways=2,
    proxied=True,
)
