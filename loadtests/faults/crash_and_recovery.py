"""Seed S3: nine buys of a book with a stock of 10 while each catalog is killed and comes back once."""

import asyncio
from http import HTTPStatus

from loadtests.faults.requests import buy_book, new_key, set_book_count
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.witness import book_count_seen_by

BOOK = 1
STOCK = 10


async def play(stage: Stage) -> None:
    first, second = stage.mesh.replicas_of("catalog")
    stage.step(f"set the stock of book {BOOK} to {STOCK}")
    await stage.shop.insist(set_book_count(BOOK, STOCK, stage.mesh.operator_token))
    await _buy(stage, range(1, 5))
    await stage.kill(first, stay_down=True)
    await _buy(stage, range(5, 7))
    await stage.start(first)
    await _buy(stage, range(7, 10))
    await stage.kill(second, stay_down=True)
    await stage.start(second)
    count = await book_count_seen_by(second, BOOK, stage)
    stage.expect(count == STOCK - 9, f"{second}, back again, shows a stock of {STOCK - 9}: {count}")


async def _buy(stage: Stage, numbers: range) -> None:
    for number in numbers:
        bought = await stage.shop.send(buy_book(BOOK, new_key()))
        stage.expect(bought.status == HTTPStatus.OK, f"buy {number}: {bought.status} by {bought.served_by}")
        await asyncio.sleep(stage.options.pace_s)


EXPERIMENT = Experiment(
    "crash-and-recovery", "nine buys of ten books, both catalogs killed once (S3)", play, cache="off"
)
