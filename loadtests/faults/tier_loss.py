"""Every replica of a tier is away: clients hear so within a second, and are served soon after it is back."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import Request, buy, new_key, show_item, show_rating
from loadtests.faults.stage import Experiment, Stage

TOLD_WITHIN_S = 1.0
SERVED_WITHIN_S = 5.0
ASKED = 5


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    # A gateway knows a session it has just seen, so each of these is used once.
    buyers = await stage.shop.sign_up_many("buyer", 4 * (ASKED + 1))

    def needing(service: str) -> Request:
        if service == "catalog":
            return show_item("6")
        buyer = buyers.pop()
        return show_rating(buyer, seller) if service == "review" else buy(buyer, {"6": 1}, new_key())

    for service in ("catalog", "order", "account", "review"):
        await _lose(service, needing, stage)


async def _lose(service: str, needing: Callable[[str], Request], stage: Stage) -> None:
    replicas = stage.mesh.replicas_of(service)
    for name in replicas:
        await stage.kill(name, stay_down=True)
    for _ in range(ASKED):
        attempt, seconds = await _timed(stage.shop.send(needing(service)))
        stage.expect(
            attempt.status == HTTPStatus.SERVICE_UNAVAILABLE and seconds <= TOLD_WITHIN_S,
            f"without {service}: {attempt.status or attempt.error} after {seconds:.2f} s",
        )
    for name in replicas:
        await stage.start(name)
    attempt, seconds = await _timed(stage.shop.insist(needing(service)))
    stage.expect(
        attempt.outcome is Outcome.ACCEPTED and seconds <= SERVED_WITHIN_S,
        f"{service} is back: {attempt.status or attempt.error} after {seconds:.2f} s",
    )


async def _timed(asking: Awaitable[Attempt]) -> tuple[Attempt, float]:
    began = time.monotonic()
    return await asking, time.monotonic() - began


EXPERIMENT = Experiment("tier-loss", "all replicas of a tier are away, then back", play, cache="off")
