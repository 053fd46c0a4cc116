"""Both order servers die between the reservation of orders and their recording, and no client asks again."""

import asyncio
import time

from loadtests.faults.requests import Visitor, buy, new_key, register_item
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.state import read_state

BUYERS = 40
TRIES = 10
DECIDED_WITHIN_S = 30.0


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    offered = await stage.shop.insist(register_item(seller, "unfinished", price_cents=700, quantity=100_000))
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    for _ in range(TRIES):
        await _kill_while_buying(buyers, offered.told["item_id"], stage)
        unfinished = await _unfinished(stage)
        if unfinished:
            break
        await stage.mesh.make_whole()
    stage.expect(unfinished > 0, f"{unfinished} orders are reserved and not recorded, and nobody asks for them again")
    await stage.mesh.make_whole()
    seconds = await _seconds_until_decided(stage)
    stage.expect(
        seconds < DECIDED_WITHIN_S, f"all of them are recorded {seconds:.1f} s after the order servers are back"
    )


async def _kill_while_buying(buyers: list[Visitor], item_id: str, stage: Stage) -> None:
    stage.step(f"{BUYERS} buyers at once, and both order servers are killed under them")
    async with asyncio.TaskGroup() as tasks:
        for buyer in buyers:
            tasks.create_task(stage.shop.send(buy(buyer, {item_id: 1}, new_key())))
        await asyncio.sleep(stage.random.uniform(0.02, 0.12))
        for name in stage.mesh.replicas_of("order"):
            await stage.kill(name, stay_down=True)


async def _seconds_until_decided(stage: Stage) -> float:
    began = time.monotonic()
    while True:
        unfinished, seconds = await _unfinished(stage), time.monotonic() - began
        if not unfinished or seconds > DECIDED_WITHIN_S:
            return seconds
        await asyncio.sleep(0.2)


async def _unfinished(stage: Stage) -> int:
    state = await read_state(stage.mesh.postgres)
    return sum(reservation.order_id not in state.orders for reservation in state.open_reservations())


EXPERIMENT = Experiment("unfinished-orders", "the order servers die in the middle of orders", play)
