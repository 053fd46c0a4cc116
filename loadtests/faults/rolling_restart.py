"""Every service is restarted replica by replica under load, and no request fails.

While services restart, no client asks twice. A gateway that restarts refuses connections on its port for a moment: what
stands before it passes those requests to the other gateway, and so do the clients here.
"""

from loadtests.faults.history import Attempt
from loadtests.faults.load import expect_no_failure, steady_load
from loadtests.faults.requests import Request
from loadtests.faults.stage import Experiment, Stage

SERVICES = ("catalog", "order", "account", "review")


async def play(stage: Stage) -> None:
    async with steady_load(stage, stage.shop.send) as tally:
        for service in SERVICES:
            stage.step(f"agora mesh restart {service}")
            await stage.mesh.restart(service)
    expect_no_failure(tally, stage)

    async def ask_either_gateway(request: Request) -> Attempt:
        return await stage.shop.insist(request, stage.random.randrange(2))

    async with steady_load(stage, ask_either_gateway) as tally:
        stage.step("agora mesh restart gateway")
        await stage.mesh.restart("gateway")
    expect_no_failure(tally, stage)


EXPERIMENT = Experiment(
    "rolling-restart", "every service is restarted under load", play, replicas="account=2,review=2", gateways=2
)
