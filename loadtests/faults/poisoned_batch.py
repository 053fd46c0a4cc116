"""One odd request or row beside honest ones: it fails alone, and no process ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import (
    Visitor,
    add_to_cart,
    buy,
    buy_cart,
    clear_cart,
    new_key,
    register_item,
    show_rating,
)
from loadtests.faults.route_watch import told
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.state import database_dsn
from loadtests.faults.store_faults import locked_item

BUYERS = 20
SELLERS = 4
ROUNDS = 8
POISON_S = 15.0
HELD_S = 0.3
# Together they are longer than a message of gRPC may be, and few enough for one batch.
LONG_ORDERS = 170
LINES = 100
LONG_ROUNDS = 2
_INVISIBLE = quote("\u200b")
_ODD_MEMO = """
WITH odd AS (
    INSERT INTO stock_reservations (order_id, currency, memo, created_at)
    VALUES (gen_random_uuid(), 'USD', '\\xff'::bytea, now() - interval '1 minute')
    RETURNING order_id
)
INSERT INTO stock_reservation_lines (order_id, item_id, quantity, price_cents, seller_id)
SELECT order_id, 1, 1, 100, 'nobody' FROM odd
RETURNING order_id
"""
_NO_ODD_MEMO = (
    "DELETE FROM stock_reservation_lines WHERE order_id = $1",
    "DELETE FROM stock_reservations WHERE order_id = $1",
)


async def play(stage: Stage) -> None:
    sellers = await stage.shop.sign_up_many("seller", SELLERS)
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    offers = (register_item(sellers[0], name, price_cents=500, quantity=100_000) for name in ("x", "y", "honest"))
    first, second, honest = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    await _read_ratings(sellers, buyers, stage)
    await _order_long_ids(honest, buyers, stage)
    for _ in range(ROUNDS):
        await _claim_carts_in_opposite_orders(first, second, honest, buyers, stage)
    await _recover_an_odd_memo(stage)


async def _read_ratings(sellers: list[Visitor], buyers: list[Visitor], stage: Stage) -> None:
    invisible = Visitor(_INVISIBLE, "")
    answers: list[Attempt] = []
    for _ in range(ROUNDS):
        asked = [stage.shop.send(show_rating(buyer, sellers[n % SELLERS])) for n, buyer in enumerate(buyers[1:])]
        poison = [stage.shop.send(show_rating(buyers[0], invisible)) for _ in range(2)]
        answers += await _of_the_first(asked, poison)
    _expect_all(answers, "ratings beside that of a seller whose id is an invisible character", stage)


async def _order_long_ids(item_id: str, buyers: list[Visitor], stage: Stage) -> None:
    long_ids = {f"{number:03}{chr(0x1F4A5) * 61}": 1 for number in range(LINES)}
    answers: list[Attempt] = []
    for _ in range(LONG_ROUNDS):
        asked = [stage.shop.send(buy(buyer, {item_id: 1}, new_key())) for buyer in buyers[1:]]
        poison = [stage.shop.send(buy(buyers[0], long_ids, new_key())) for _ in range(LONG_ORDERS)]
        answers += await _of_the_first(asked, poison)
    _expect_all(answers, "orders beside those of items with long ids", stage)


async def _claim_carts_in_opposite_orders(
    first: str, second: str, honest: str, buyers: list[Visitor], stage: Stage
) -> None:
    """Each cart is bought twice, with other lines, in two batches that begin at the same moment."""
    await _fill(first, buyers, stage)
    async with locked_item(stage.mesh.postgres, first), locked_item(stage.mesh.postgres, second):
        there = [asyncio.create_task(stage.shop.send(buy_cart(buyer, new_key()), 0)) for buyer in buyers]
        await asyncio.sleep(HELD_S)
        await asyncio.gather(*(stage.shop.insist(clear_cart(buyer), 1) for buyer in buyers))
        await _fill(second, buyers, stage)
        back = [asyncio.create_task(stage.shop.send(buy_cart(each, new_key()), 1)) for each in reversed(buyers)]
        await asyncio.sleep(HELD_S)
    asked = [stage.shop.send(buy(buyer, {honest: 1}, new_key()), number) for number, buyer in enumerate(buyers)]
    _expect_all(await asyncio.gather(*asked), "orders beside carts that are bought twice", stage)
    lost = [attempt for attempt in await asyncio.gather(*there, *back) if attempt.outcome is Outcome.UNKNOWN]
    stage.expect(not lost, f"orders of carts that failed: {told(lost) or 'none'}")


async def _recover_an_odd_memo(stage: Stage) -> None:
    before = await _restarts(stage)
    async with stage.fault("a reservation has an odd memo", _odd_memo(stage)):
        await stage.lasting(POISON_S)
    ended = {name: times for name, times in (await _restarts(stage)).items() if times != before[name]}
    stage.expect(not ended, f"processes that ended by it: {ended or 'none'}")


async def _fill(item_id: str, buyers: list[Visitor], stage: Stage) -> None:
    await asyncio.gather(*(stage.shop.insist(add_to_cart(buyer, item_id, 1, new_key())) for buyer in buyers))


async def _of_the_first(asked: Iterable[Awaitable[Attempt]], poison: Iterable[Awaitable[Attempt]]) -> list[Attempt]:
    honest = list(asked)
    return (await asyncio.gather(*honest, *poison))[: len(honest)]


def _expect_all(answers: list[Attempt], text: str, stage: Stage) -> None:
    failed = [attempt for attempt in answers if attempt.outcome is not Outcome.ACCEPTED]
    stage.expect(not failed, f"{text}: {len(failed)} of {len(answers)} failed: {told(failed) or 'none'}")


@asynccontextmanager
async def _odd_memo(stage: Stage) -> AsyncIterator[None]:
    connection = await asyncpg.connect(database_dsn(stage.mesh.postgres, "catalog"))
    try:
        order_id = await connection.fetchval(_ODD_MEMO)
        yield
        for statement in _NO_ODD_MEMO:
            await connection.execute(statement, order_id)
    finally:
        await connection.close()


async def _restarts(stage: Stage) -> dict[str, int]:
    return {name: process["restarts"] for name, process in (await stage.mesh.status()).items()}


EXPERIMENT = Experiment("poisoned-batch", "one odd request or row fails alone", play, cache="off", gateways=2)
