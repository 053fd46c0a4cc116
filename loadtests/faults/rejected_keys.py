"""Keys that were rejected while their first attempt was still under way: the rejection stands, and no order appears."""

import asyncio
from collections.abc import Iterable

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.injection import paused
from loadtests.faults.requests import (
    Request,
    Visitor,
    add_to_cart,
    buy,
    buy_cart,
    change_item,
    clear_cart,
    new_key,
    register_item,
)
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.store_faults import locked_item

BUYERS = 8
ROUNDS = 3
GIVES_UP_AFTER_S = 0.5
PAUSE_S = 1.0


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    for _ in range(ROUNDS):
        await _empty_the_cart_meanwhile(seller, buyers, stage)
        await _restock_meanwhile(seller, buyers, stage)


async def _empty_the_cart_meanwhile(seller: Visitor, buyers: list[Visitor], stage: Stage) -> None:
    item_id = await _offer(seller, 1_000, stage)
    await _all(stage, (add_to_cart(buyer, item_id, 1, new_key()) for buyer in buyers))
    orders = [buy_cart(buyer, new_key()) for buyer in buyers]
    text = f"item {item_id} is locked; clients give up, empty the cart and ask again under the same key"
    async with stage.fault(text, locked_item(stage.mesh.postgres, item_id), (item_id,)):
        await asyncio.gather(*(stage.shop.send(order, within_s=GIVES_UP_AFTER_S) for order in orders))
        await _all(stage, map(clear_cart, buyers))
        meanwhile = await asyncio.gather(*(stage.shop.send(order, 1, within_s=1.0) for order in orders))
    await _ask_again(orders, meanwhile, stage)


async def _restock_meanwhile(seller: Visitor, buyers: list[Visitor], stage: Stage) -> None:
    item_id = await _offer(seller, 0, stage)
    orders = [buy(buyer, {item_id: 1}, new_key()) for buyer in buyers]
    replica = stage.random.choice(stage.mesh.replicas_of("catalog"))
    text = f"{replica} is paused with orders in hand; the same keys are rejected by another, and the seller restocks"
    async with stage.fault(text, paused(stage.mesh, [replica])):
        await asyncio.gather(*(stage.shop.send(order, within_s=GIVES_UP_AFTER_S) for order in orders))
        meanwhile = await asyncio.gather(*(stage.shop.send(order, 1, within_s=PAUSE_S) for order in orders))
        await stage.shop.send(change_item(seller, item_id, quantity=1_000), 1, within_s=PAUSE_S)
    await _ask_again(orders, meanwhile, stage)


async def _ask_again(orders: list[Request], meanwhile: list[Attempt], stage: Stage) -> None:
    """What was rejected meanwhile must be rejected still, which the checker looks at too."""
    rejected = [attempt for attempt in meanwhile if attempt.outcome is Outcome.REFUSED]
    answers = await _all(stage, orders)
    changed = [
        answer
        for answer, attempt in zip(answers, meanwhile, strict=True)
        if attempt in rejected and answer.outcome is Outcome.ACCEPTED
    ]
    stage.expect(not changed, f"{len(rejected)} of {len(orders)} keys rejected meanwhile, {len(changed)} became orders")


async def _all(stage: Stage, requests: Iterable[Request]) -> list[Attempt]:
    return await asyncio.gather(*(stage.shop.insist(request, 1) for request in requests))


async def _offer(seller: Visitor, quantity: int, stage: Stage) -> str:
    offered = await stage.shop.insist(register_item(seller, "wanted", price_cents=500, quantity=quantity))
    return str(offered.told["item_id"])


EXPERIMENT = Experiment(
    "rejected-keys", "a key's first final answer stands, whatever its first attempt still does", play, gateways=2
)
