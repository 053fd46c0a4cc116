"""A transaction that never goes on holds the row of one item: orders of other items are as quick as before."""

import asyncio

from loadtests.faults.check_latency import p99
from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import Visitor, buy, new_key, register_item
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.store_faults import locked_item

LOCKED_S = 45.0
CALM_S = 15.0
OTHERS = 6
WANTING = 4
PAUSE_S = 0.02
AS_MANY = 0.5


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    offers = [register_item(seller, name, price_cents=500, quantity=1_000_000) for name in ("locked", "free", "free")]
    locked, *free = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    buyers = await stage.shop.sign_up_many("buyer", OTHERS + WANTING)
    of_others: list[Attempt] = []
    of_locked: list[Attempt] = []
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for index, buyer in enumerate(buyers[:OTHERS]):
            tasks.create_task(_keep_buying(buyer, free[index % len(free)], of_others, done, stage))
        for buyer in buyers[OTHERS:]:
            tasks.create_task(_keep_buying(buyer, locked, of_locked, done, stage))
        await stage.lasting(CALM_S)
        calm = list(of_others)
        item_ids = (locked,)
        async with stage.fault(f"item {locked} is locked", locked_item(stage.mesh.postgres, locked), item_ids):
            await stage.lasting(LOCKED_S)
        during = of_others[len(calm) :]
        await stage.lasting(CALM_S / 3)
        done.set()
    stage.observe(
        f"p99 of other items: {p99(calm) * 1000:.0f} ms of {len(calm)} orders before,"
        f" {p99(during) * 1000:.0f} ms of {len(during)} during"
    )
    share = len(during) / LOCKED_S / (len(calm) / CALM_S)
    stage.expect(share >= AS_MANY, f"orders of other items per second: {share:.2f} of those before")
    last = await stage.shop.insist(buy(buyers[-1], {locked: 1}, new_key()))
    stage.expect(last.outcome is Outcome.ACCEPTED, f"the item is sold again once it is free: {last.status}")


async def _keep_buying(
    buyer: Visitor, item_id: str, attempts: list[Attempt], done: asyncio.Event, stage: Stage
) -> None:
    while not done.is_set():
        attempts.append(await stage.shop.send(buy(buyer, {item_id: 1}, new_key())))
        await asyncio.sleep(PAUSE_S)


EXPERIMENT = Experiment("locked-item", "a locked item delays only itself", play)
