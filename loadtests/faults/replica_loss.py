"""One of two replicas of each service is killed under load: no look-up fails, and no keyed purchase."""

import asyncio

from loadtests.faults.load import expect_no_failure, steady_load
from loadtests.faults.stage import Experiment, Stage

SERVICES = ("catalog", "order", "account", "review")
WARM_UP_S = 1.0


async def play(stage: Stage) -> None:
    async with steady_load(stage, stage.shop.send) as tally:
        await asyncio.sleep(WARM_UP_S)
        for service in SERVICES:
            victim = stage.random.choice(stage.mesh.replicas_of(service))
            await stage.kill(victim)
            await asyncio.sleep(WARM_UP_S)
        await stage.mesh.until_ready(stage.mesh.everything)
    expect_no_failure(tally, stage)


EXPERIMENT = Experiment(
    "replica-loss",
    "one of two replicas is killed under load, and nobody asks twice",
    play,
    replicas="account=2,review=2",
)
