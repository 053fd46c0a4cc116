"""Only those who write lose the cache, in every way a path can fail: no reader sees what was overwritten long ago."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from loadtests.faults.check_reads import stale_reads
from loadtests.faults.history import Attempt, Call, Outcome
from loadtests.faults.injection import Injection, links_set
from loadtests.faults.mesh import Link
from loadtests.faults.requests import Visitor, change_item, register_item, show_item
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.store_faults import cache_at_connection_limit
from localmesh.tcp_proxy import Condition

LASTS_S = 10.0
ITEMS = 3
READ_EVERY_S = 0.02
WRITE_EVERY_S = 0.2
WRITERS = ("catalog", "monolith")


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    offers = [register_item(seller, f"read {number}", price_cents=500, quantity=100) for number in range(ITEMS)]
    item_ids = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    links = [link for link in await stage.mesh.links() if link[0].rpartition("-")[0] in WRITERS and link[1] == "cache"]
    faults: list[tuple[str, Injection]] = [
        ("the writers' requests do not reach the cache", links_set(stage.mesh, links, Condition(stall_requests=True))),
        ("no reply of the cache reaches the writers", links_set(stage.mesh, links, Condition(stall_replies=True))),
        ("the cache resets the writers' connections", links_set(stage.mesh, links, Condition(reset=True))),
        ("the cache is at its connection limit while the writers reconnect", _turned_away(stage, links)),
    ]
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for item_id in item_ids:
            tasks.create_task(_keep_writing(item_id, seller, done, stage))
            for gateway in (0, 1):
                tasks.create_task(_keep_reading(item_id, gateway, done, stage))
        for text, injection in faults:
            await stage.lasting(2.0)
            async with stage.fault(text, injection):
                await stage.lasting(LASTS_S)
            _report(text, stage)
        await stage.lasting(2.0)
        done.set()


@asynccontextmanager
async def _turned_away(stage: Stage, links: list[Link]) -> AsyncIterator[None]:
    """Readers keep the connections they have."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(cache_at_connection_limit(stage.mesh.cache_url, drop=False))
        async with links_set(stage.mesh, links, Condition(reset=True)):
            await asyncio.sleep(0.1)
        yield


def _report(text: str, stage: Stage) -> None:
    fault = next(fault for fault in reversed(stage.history.faults) if fault.text == text)

    def began_during(attempt: Attempt) -> bool:
        return fault.overlaps(attempt.invoked_at, attempt.invoked_at)

    writes = [write for write in stage.history.of(Call.SET_ITEM) if began_during(write)]
    acknowledged = sum(write.outcome is Outcome.ACCEPTED for write in writes)
    ages = [stale.age_s for stale in stale_reads(stage.history) if began_during(stale.read)]
    oldest = f", the oldest by {max(ages):.3f} s" if ages else ""
    stage.observe(f"{acknowledged} of {len(writes)} writes acknowledged, {len(ages)} reads stale{oldest}")


async def _keep_writing(item_id: str, seller: Visitor, done: asyncio.Event, stage: Stage) -> None:
    price = 500
    while not done.is_set():
        price += 1
        await stage.shop.send(change_item(seller, item_id, price_cents=price), price % 2)
        await asyncio.sleep(WRITE_EVERY_S)


async def _keep_reading(item_id: str, gateway: int, done: asyncio.Event, stage: Stage) -> None:
    while not done.is_set():
        await stage.shop.send(show_item(item_id), gateway)
        await asyncio.sleep(READ_EVERY_S)


EXPERIMENTS = tuple(
    Experiment(
        f"writers-cut-off-{cache}",
        f"the writers alone lose the cache, mode {cache}",
        play,
        cache=cache,
        gateways=2,
        proxied=True,
    )
    for cache in ("shared", "tiered")
)
