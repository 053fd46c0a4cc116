"""Seed S5, experiment 3: a catalog that was away while a book was sold serves the current stock when it is back."""

from http import HTTPStatus

from loadtests.faults.requests import buy_book, new_key, show_book
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.witness import book_count_seen_by

BOOK = 3


async def play(stage: Stage) -> None:
    _, away = stage.mesh.replicas_of("catalog")
    await stage.kill(away, stay_down=True)
    shown = await stage.shop.send(show_book(BOOK))
    before = shown.told["quantity"]
    stage.step(f"look up book {BOOK}: {before} left, says {shown.served_by}")
    bought = await stage.shop.send(buy_book(BOOK, new_key()))
    stage.expect(bought.status == HTTPStatus.OK, f"one is bought: {bought.status} by {bought.served_by}")
    await stage.start(away)
    after = await book_count_seen_by(away, BOOK, stage)
    stage.expect(after == before - 1, f"{away}, back again, shows {before - 1}: {after}")


EXPERIMENT = Experiment("returning-replica", "a catalog misses a buy and is back (S5, 3)", play, cache="off")
