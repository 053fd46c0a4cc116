"""Any one tier is away: routes that do not need it never fail, and the others get an answer that says so."""

import asyncio
from http import HTTPStatus

from loadtests.faults.history import Outcome
from loadtests.faults.injection import away
from loadtests.faults.route_watch import Route, routes_of, told, watched
from loadtests.faults.stage import Experiment, Stage

AWAY_S = 60.0
BACK_WITHIN_S = 10.0
TIERS = ("review", "account", "order", "catalog", "cache", "stream", "postgres")
_SAYS_SO = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


async def play(stage: Stage) -> None:
    routes = await routes_of(stage)
    for tier in TIERS:
        await _lose(tier, routes, stage)


async def _lose(tier: str, routes: list[Route], stage: Stage) -> None:
    names = stage.mesh.replicas_of(tier) or [tier]
    async with watched(routes, stage):
        async with stage.fault(f"{tier} is away", away(stage.mesh, names)):
            await stage.lasting(AWAY_S)
            ready = await stage.shop.ask("/readyz")
        await _until_back(routes, stage)
    stage.expect(ready.status == HTTPStatus.OK, f"without {tier}: GET /readyz is {ready.status}")
    others = [route for route in routes if tier not in route.needs]
    failed = [f"{route.name}: {told(route.failed)}" for route in others if route.failed]
    asked = sum(len(route.attempts) for route in others)
    if others:
        stage.expect(not failed, f"without {tier}: {asked} requests that do not need it, failed: {failed or 'none'}")
    needing = [attempt for route in routes if tier in route.needs for attempt in route.failed]
    unexplained = [attempt for attempt in needing if attempt.status not in _SAYS_SO]
    stage.expect(not unexplained, f"without {tier}: requests that need it: {told(needing) or 'all answered'}")


async def _until_back(routes: list[Route], stage: Stage) -> None:
    """Each route's last answer is a good one again."""
    deadline = asyncio.get_running_loop().time() + BACK_WITHIN_S
    while True:
        lagging = [route.name for route in routes if route.attempts[-1].outcome is not Outcome.ACCEPTED]
        if not lagging or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.1)
    stage.expect(not lagging, f"all routes are back within {BACK_WITHIN_S:.0f} s: {lagging or 'yes'}")


EXPERIMENT = Experiment(
    "tier-away", "any one tier is away, and routes that do not need it never fail", play, cache="off", gateways=2
)
