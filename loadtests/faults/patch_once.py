"""Changes whose answer is lost on the way, so that the caller's channel sends them again, with sales between."""

import asyncio

import asyncpg

from loadtests.faults.history import Attempt
from loadtests.faults.injection import links_set
from loadtests.faults.requests import Visitor, buy, change_item, new_key, register_item, show_item
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.state import database_dsn
from localmesh.tcp_proxy import Condition

TRIES = 3
SOLD = 10
MADE_WITHIN_S = 3.0


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    buyer = await stage.shop.sign_up("buyer")
    for _ in range(TRIES):
        for keyed in (True, False):
            await _change(seller, buyer, stage, left=100 - SOLD, keyed=keyed, quantity=100)
            await _change(seller, buyer, stage, left=70 - SOLD, keyed=keyed, quantity_delta=20)


async def _change(seller: Visitor, buyer: Visitor, stage: Stage, *, left: int, keyed: bool, **fields: int) -> None:
    offered = await stage.shop.insist(register_item(seller, "changing", price_cents=500, quantity=50))
    item_id = str(offered.told["item_id"])
    before = await _quantity(stage, item_id)
    links = [("gateway-0", name) for name in stage.mesh.replicas_of("catalog")]
    text = (
        f"gateway-0 gets no reply of the catalogs to {fields}, {'with' if keyed else 'without'} a key of the client's"
    )
    async with stage.fault(text, links_set(stage.mesh, links, Condition(stall_replies=True))):
        change = asyncio.create_task(stage.shop.send(change_item(seller, item_id, keyed=keyed, **fields), 0))
        is_made = await _until_made(stage, item_id, before)
        if is_made:
            await stage.shop.insist(buy(buyer, {item_id: SOLD}, new_key()), 1)
        for link in links:
            await stage.mesh.set_link(link, Condition(reset=True))
    attempt = await change
    if not is_made:
        stage.expect(attempt.status == 422, f"{fields} is not made: {_told(attempt)}")
        return
    shown = await stage.shop.insist(show_item(item_id), 1)
    quantity = await _quantity(stage, item_id)
    stage.expect(quantity == left, f"{fields} of 50, {SOLD} sold, {_told(attempt)}: {quantity} left, not {left}")
    stage.observe(f"shown: {shown.told}")


async def _until_made(stage: Stage, item_id: str, before: int) -> bool:
    deadline = asyncio.get_running_loop().time() + MADE_WITHIN_S
    while await _quantity(stage, item_id) == before:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


async def _quantity(stage: Stage, item_id: str) -> int:
    connection = await asyncpg.connect(database_dsn(stage.mesh.postgres, "catalog"))
    try:
        return int(await connection.fetchval("SELECT quantity FROM items WHERE id = $1", int(item_id)))
    finally:
        await connection.close()


def _told(attempt: Attempt) -> str:
    return f"answered with {attempt.status or attempt.error}"


EXPERIMENT = Experiment(
    "patch-once", "a change takes effect once, though its answer is lost", play, gateways=2, proxied=True
)
