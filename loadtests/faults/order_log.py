"""Seed S5, experiment 4: an order server that was away while an order was placed shows it when it is back."""

from http import HTTPStatus

from loadtests.faults.requests import buy, new_key, show_order
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.witness import answer_by


async def play(stage: Stage) -> None:
    _, away = stage.mesh.replicas_of("order")
    buyer = await stage.shop.sign_up("buyer")
    await stage.kill(away, stay_down=True)
    bought = await stage.shop.send(buy(buyer, {"4": 1, "5": 2}, new_key()))
    stage.expect(bought.status == HTTPStatus.CREATED, f"an order is placed: {bought.status} by {bought.served_by}")
    await stage.start(away)
    shown = await answer_by(away, show_order(buyer, bought.told["order_id"]), stage)
    stage.expect(shown is not None and shown.told == bought.told, f"{away}, back again, shows the same order")


EXPERIMENT = Experiment("order-log", "an order server misses an order and is back (S5, 4)", play)
