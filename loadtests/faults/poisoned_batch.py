"""One odd request or row beside honest ones: it fails alone, and no process ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import (
    Visitor,
    add_to_cart,
    buy,
    buy_cart,
    new_key,
    register_item,
    show_rating,
)
from loadtests.faults.route_watch import told
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.state import database_dsn

BUYERS = 20
ROUNDS = 12
POISON_S = 15.0
_INVISIBLE = quote("\u200b")
_FOUR_BYTES = "\U0001f4a5" * 64
_ODD_MEMO = """
INSERT INTO stock_reservations (order_id, currency, memo, created_at)
VALUES (gen_random_uuid(), 'USD', '\\xff'::bytea, now() - interval '1 minute')
RETURNING order_id
"""


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    offered = await stage.shop.insist(register_item(seller, "honest", price_cents=500, quantity=1_000_000))
    item_id = str(offered.told["item_id"])
    poison = Visitor(_INVISIBLE, buyers[0].token)
    await _together(
        "ratings beside those of an invisible seller",
        lambda buyer: stage.shop.send(show_rating(buyer, seller)),
        lambda buyer: stage.shop.send(show_rating(buyer, poison)),
        buyers,
        stage,
    )
    await _together(
        "orders beside those of items with long ids",
        lambda buyer: stage.shop.send(buy(buyer, {item_id: 1}, new_key())),
        lambda buyer: stage.shop.send(buy(buyer, {_FOUR_BYTES[n:]: 1 for n in range(40)}, new_key())),
        buyers,
        stage,
    )
    await _buy_carts(item_id, buyers, stage)
    async with stage.fault("a reservation has an odd memo", _odd_memo(stage)):
        before = await _restarts(stage)
        await stage.lasting(POISON_S)
        after = await _restarts(stage)
    stage.expect(before == after, f"processes that ended by it: {sum(after.values()) - sum(before.values())}")


async def _together(
    text: str,
    honest: Callable[[Visitor], Awaitable[Attempt]],
    poison: Callable[[Visitor], Awaitable[Attempt]],
    buyers: list[Visitor],
    stage: Stage,
) -> None:
    stage.step(text)
    answers: list[Attempt] = []
    for _ in range(ROUNDS):
        asked = [honest(buyer) for buyer in buyers[1:]]
        *honest_answers, _ = await asyncio.gather(*asked, poison(buyers[0]), poison(buyers[0]))
        answers += honest_answers[: len(asked)]
    _expect_all(answers, text, stage)


async def _buy_carts(item_id: str, buyers: list[Visitor], stage: Stage) -> None:
    """Every cart under two keys at once, in opposite orders, through two gateways, beside orders of lines."""
    text = "carts bought under two keys in opposite orders, beside other orders"
    stage.step(text)
    honest: list[Attempt] = []
    bought: list[Attempt] = []
    for _ in range(ROUNDS):
        await asyncio.gather(*(stage.shop.insist(add_to_cart(buyer, item_id, 1, new_key())) for buyer in buyers))
        there = [stage.shop.send(buy_cart(buyer, new_key()), 0) for buyer in buyers]
        back = [stage.shop.send(buy_cart(buyer, new_key()), 1) for buyer in reversed(buyers)]
        lines = [stage.shop.send(buy(buyer, {item_id: 1}, new_key()), index) for index, buyer in enumerate(buyers)]
        answers = await asyncio.gather(*there, *back, *lines)
        bought += answers[: 2 * len(buyers)]
        honest += answers[2 * len(buyers) :]
    _expect_all(honest, text, stage)
    lost = [attempt for attempt in bought if attempt.outcome is Outcome.UNKNOWN]
    stage.expect(not lost, f"{text}: of {len(bought)} orders of carts {len(lost)} failed: {told(lost)}")


def _expect_all(answers: list[Attempt], text: str, stage: Stage) -> None:
    failed = [attempt for attempt in answers if attempt.outcome is not Outcome.ACCEPTED]
    stage.expect(not failed, f"{text}: {len(failed)} of {len(answers)} failed: {told(failed) or 'none'}")


@asynccontextmanager
async def _odd_memo(stage: Stage) -> AsyncIterator[None]:
    connection = await asyncpg.connect(database_dsn(stage.mesh.postgres, "catalog"))
    try:
        order_id = await connection.fetchval(_ODD_MEMO)
        yield
        await connection.execute("DELETE FROM stock_reservations WHERE order_id = $1", order_id)
    finally:
        await connection.close()


async def _restarts(stage: Stage) -> dict[str, int]:
    return {name: process["restarts"] for name, process in (await stage.mesh.status()).items()}


EXPERIMENT = Experiment("poisoned-batch", "one odd request or row fails alone", play, gateways=2)
