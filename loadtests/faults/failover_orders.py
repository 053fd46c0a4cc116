"""Seed S5, experiment 2: buys are spread evenly over two order servers, and all succeed on one when the other stops."""

from collections import Counter
from http import HTTPStatus

from loadtests.faults.requests import buy_book, new_key
from loadtests.faults.stage import Experiment, Stage


async def play(stage: Stage) -> None:
    first, second = stage.mesh.replicas_of("order")
    stage.step("four buys")
    served = await _buy_four_times(stage)
    stage.expect(served == {first: 2, second: 2}, f"they are spread evenly: {dict(served)}")
    await stage.kill(second, stay_down=True)
    stage.step("four more buys, the first at once")
    served = await _buy_four_times(stage)
    stage.expect(served == {first: 4}, f"{first} serves them all: {dict(served)}")


async def _buy_four_times(stage: Stage) -> Counter[str]:
    served: Counter[str] = Counter()
    for _ in range(4):
        bought = await stage.shop.send(buy_book(2, new_key()))
        stage.expect(bought.status == HTTPStatus.OK, f"bought, {bought.status} by {bought.served_by}")
        served.update(name for name in bought.served_by.split(",") if name.startswith("order"))
    return served


EXPERIMENT = Experiment("failover-orders", "buys over two order servers, then over one (S5, 2)", play)
