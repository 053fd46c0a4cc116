"""One of two replicas is paused under load: its callers are back to normal within seconds."""

from loadtests.faults.injection import paused
from loadtests.faults.load import steady_load
from loadtests.faults.route_watch import told
from loadtests.faults.stage import Experiment, Stage

PAUSED_S = 40.0
NOTICED_WITHIN_S = 3.0
CALM_S = 5.0
SERVICES = ("catalog", "order", "account", "review")


async def play(stage: Stage) -> None:
    async with steady_load(stage, stage.shop.send) as tally:
        await stage.lasting(CALM_S)
        for service in SERVICES:
            victim = stage.random.choice(stage.mesh.replicas_of(service))
            async with stage.fault(f"{victim} is paused", paused(stage.mesh, [victim])):
                await stage.lasting(PAUSED_S)
            await stage.lasting(CALM_S)
    for fault in stage.history.faults:
        noticed_at = fault.began_at + NOTICED_WITHIN_S
        own = [attempt for attempt in tally.failed if fault.overlaps(attempt.invoked_at, attempt.invoked_at)]
        late = [attempt for attempt in own if attempt.invoked_at > noticed_at]
        stage.observe(f"{fault.text}: {len(own)} requests failed: {told(own)}")
        stage.expect(
            not late, f"{fault.text}: of those {len(late)} began later than {NOTICED_WITHIN_S:.0f} s: {told(late)}"
        )
    calm = [a for a in tally.failed if not any(f.overlaps(a.invoked_at, a.invoked_at) for f in stage.history.faults)]
    stage.expect(not calm, f"{tally.asked} requests in all, {len(calm)} failed while none was paused: {told(calm)}")


EXPERIMENT = Experiment(
    "paused-replica",
    "one of two replicas is paused, and errors end within 3 s",
    play,
    cache="off",
    replicas="account=2,review=2",
)
