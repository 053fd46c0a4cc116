"""A database that takes no writes: reads go on, writes are told so, no process ends, and all is well afterwards."""

from http import HTTPStatus

from loadtests.faults.fault_schedule import DATABASES
from loadtests.faults.history import Outcome
from loadtests.faults.injection import Injection
from loadtests.faults.route_watch import Route, routes_of, told, watched
from loadtests.faults.stage import Experiment, Stage
from loadtests.faults.store_faults import disk_full, read_only

READ_ONLY_S = 30.0
FULL_S = 10.0
_SAYS_SO = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


async def play(stage: Stage) -> None:
    routes = await routes_of(stage)
    await _take_no_writes("all databases are read-only", read_only(stage.mesh.postgres), READ_ONLY_S, routes, stage)
    for database in DATABASES:
        injection = disk_full(stage.mesh.postgres, database)
        await _take_no_writes(f"the database {database} is full", injection, FULL_S, routes, stage)


async def _take_no_writes(text: str, injection: Injection, for_s: float, routes: list[Route], stage: Stage) -> None:
    before = await _restarts(stage)
    async with watched(routes, stage), stage.fault(text, injection):
        await stage.lasting(for_s)
    reads = [attempt for route in routes if not route.writes for attempt in route.failed]
    writes = [attempt for route in routes if route.writes for attempt in route.failed]
    stage.expect(not reads, f"{text}: reads that failed: {told(reads) or 'none'}")
    wrong = [attempt for attempt in writes if attempt.status not in _SAYS_SO]
    stage.expect(not wrong, f"{text}: writes that failed: {told(writes) or 'none'}")
    restarted = {name: times - before[name] for name, times in (await _restarts(stage)).items() if times > before[name]}
    stage.expect(not restarted, f"{text}: processes that ended: {restarted or 'none'}")
    for route in routes:
        attempt = await stage.shop.insist(route.ask(), for_s=5)
        if attempt.outcome is not Outcome.ACCEPTED:
            stage.expect(False, f"{route.name}, afterwards: {attempt.status or attempt.error}")


async def _restarts(stage: Stage) -> dict[str, int]:
    return {name: process["restarts"] for name, process in (await stage.mesh.status()).items()}


EXPERIMENT = Experiment("read-only-database", "databases that are read-only, or full", play, cache="off", gateways=2)
