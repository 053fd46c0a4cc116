"""200 buyers want one of 50 units, and ask until they know, while replicas and stores are killed under them."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from loadtests.faults.history import Attempt
from loadtests.faults.requests import Visitor, buy, new_key, register_item
from loadtests.faults.stage import Experiment, Stage

BUYERS = 200
UNITS = 50
SALE_S = 10.0
PATIENCE_S = 40.0


async def play(stage: Stage) -> None:
    stage.step(f"{BUYERS} buyers sign up; a seller offers {UNITS} units")
    seller = await stage.shop.sign_up("seller")
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    offered = await stage.shop.insist(register_item(seller, "flash sale", price_cents=999, quantity=UNITS))
    stage.step("the sale begins")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_break_things(stage))
        visits = [tasks.create_task(_visit(buyer, offered.told["item_id"], stage)) for buyer in buyers]
    sold = sum(visit.result() for visit in visits)
    stage.expect(sold == UNITS, f"{UNITS} units are sold to buyers who know it: {sold}")


async def _visit(buyer: Visitor, item_id: str, stage: Stage) -> int:
    """Arrive at some moment, buy one unit, and after a refusal try once more as if anew. Returns units bought."""
    await asyncio.sleep(stage.random.uniform(0, SALE_S))
    bought = await _ask_until_known(buyer, item_id, stage)
    if bought.status == HTTPStatus.CONFLICT and stage.random.random() < 0.5:
        bought = await _ask_until_known(buyer, item_id, stage)
    return 1 if bought.status in {HTTPStatus.OK, HTTPStatus.CREATED} else 0


async def _ask_until_known(buyer: Visitor, item_id: str, stage: Stage) -> Attempt:
    """Under one key; every third buyer is impatient and asks both gateways at once."""
    request = buy(buyer, {item_id: 1}, new_key())
    gateways = [0, 1] if stage.random.random() < 1 / 3 else [stage.random.randrange(2)]
    attempts = await asyncio.gather(*(stage.shop.insist(request, gateway, for_s=PATIENCE_S) for gateway in gateways))
    return _best(attempts)


def _best(attempts: Sequence[Attempt]) -> Attempt:
    return min(attempts, key=lambda attempt: attempt.status or HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED)


async def _break_things(stage: Stage) -> None:
    """Replicas in the first moments, when there is still something to sell, and again later; each store once."""
    victims = [*stage.mesh.replicas_of("order"), *stage.mesh.replicas_of("catalog")]
    moments = [(stage.random.uniform(0.1, 2.5), name) for name in victims]
    moments += [(stage.random.uniform(5.0, SALE_S), stage.random.choice(victims)) for _ in range(3)]
    moments += [(stage.random.uniform(0.5, 2.0), "cache"), (stage.random.uniform(1.0, 3.0), "postgres")]
    async with asyncio.TaskGroup() as tasks:
        for moment, name in moments:
            tasks.create_task(_kill_at(moment, name, stage))


async def _kill_at(moment: float, name: str, stage: Stage) -> None:
    await asyncio.sleep(moment)
    await stage.kill(name)


EXPERIMENT = Experiment("flash-sale", f"{BUYERS} buyers, {UNITS} units, kills at random moments", play, gateways=2)
