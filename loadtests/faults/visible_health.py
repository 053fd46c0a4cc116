"""Seed S5, experiment 5: whether each part lives and serves can be seen, from inside and from outside."""

import asyncio
import time
from http import HTTPStatus

from loadtests.faults.stage import Experiment, Stage

SEEN_WITHIN_S = 5.0


async def play(stage: Stage) -> None:
    stage.step("ask for the health of everything")
    status = await stage.mesh.status()
    shown = {name: process["health"] for name, process in status.items()}
    stage.expect(set(shown.values()) == {"ready"}, f"agora mesh status: {shown}")
    await _expect_readiness(stage, "up")
    replicas = stage.mesh.replicas_of("catalog")
    for name in replicas:
        await stage.kill(name, stay_down=True)
    await _expect_readiness(stage, "down")
    alive = await stage.shop.ask("/healthz")
    stage.expect(alive.status == HTTPStatus.OK, "the gateway itself stays alive, and nobody restarts it for this")
    status = await stage.mesh.status()
    shown = {name: status[name]["health"] for name in replicas}
    stage.expect(set(shown.values()) == {"stopped"}, f"agora mesh status: {shown}")
    for name in replicas:
        await stage.start(name)
    await _expect_readiness(stage, "up")


async def _expect_readiness(stage: Stage, catalog: str) -> None:
    began = time.monotonic()
    while True:
        answer = await stage.shop.ask("/readyz")
        seconds = time.monotonic() - began
        if answer.body["dependencies"].get("catalog") == catalog or seconds > SEEN_WITHIN_S:
            break
        await asyncio.sleep(0.05)
    dependencies = answer.body["dependencies"]
    stage.expect(
        answer.status == HTTPStatus.OK and dependencies["catalog"] == catalog,
        f"GET /readyz after {seconds:.1f} s: {answer.status} {dependencies}",
    )


EXPERIMENT = Experiment("visible-health", "the health checks can be seen (S5, 5)", play)
