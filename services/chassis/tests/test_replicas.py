"""Several replicas behind one channel: where calls go, and that losing a replica loses no call."""

import asyncio
import time
from collections import Counter

import pytest
from grpc_health.v1 import health_pb2

from chassis import grpc_server
from chassis.grpc_client import TierDown

from .conftest import PATIENCE_S

NAMES = ("replica-1", "replica-2")
CALLS = 40


def named(name: str):
    async def answer(_text: str) -> str:
        return name

    return answer


@pytest.fixture
def connections_last(monkeypatch):
    """`connections_last(milliseconds)` before a server starts."""

    def last(milliseconds: int) -> None:
        options = dict(grpc_server._OPTIONS) | {"grpc.max_connection_age_ms": milliseconds}
        monkeypatch.setattr(grpc_server, "_OPTIONS", list(options.items()))

    return last


@pytest.fixture
async def replicas(serve, add_echo, connections_last):
    # For the whole test, however slow the machine is: a connection that is renewed gets no calls meanwhile.
    connections_last(600_000)
    return [await serve(add_echo, named(name), instance=name) for name in NAMES]


@pytest.fixture
async def say(replicas, sayer):
    """A channel to both replicas, once both get calls."""
    say = sayer("ipv4:" + ",".join(f"127.0.0.1:{replica.server.port}" for replica in replicas))
    await answered_by(say, set(NAMES))
    return say


async def answered_by(say, names: set[str]) -> None:
    """Calls until the last few answers came from exactly these replicas."""
    async with asyncio.timeout(PATIENCE_S / 2):
        while {await say("who?") for _ in range(4)} != names:
            pass


async def count_answers(say, calls: int = CALLS) -> Counter[str]:
    return Counter([await say("who?") for _ in range(calls)])


async def test_calls_are_spread_evenly(say):
    assert await count_answers(say) == dict.fromkeys(NAMES, CALLS // 2)


async def test_concurrent_calls_are_spread_evenly(say):
    answers = Counter(await asyncio.gather(*(say("who?") for _ in range(CALLS))))

    assert answers == dict.fromkeys(NAMES, CALLS // 2)


async def test_a_replica_that_is_not_serving_gets_no_call(say, replicas):
    await replicas[0].server.set_serving(False)
    await answered_by(say, {NAMES[1]})

    assert await count_answers(say) == {NAMES[1]: CALLS}


async def test_a_replica_that_serves_again_gets_its_share_again(say, replicas):
    await replicas[0].server.set_serving(False)
    await answered_by(say, {NAMES[1]})

    await replicas[0].server.set_serving(True)
    await answered_by(say, set(NAMES))

    assert await count_answers(say) == dict.fromkeys(NAMES, CALLS // 2)


async def test_a_process_killed_mid_run_costs_no_call(start_toy, sayer):
    toys = [await start_toy(), await start_toy()]
    for toy in toys:
        await toy.reaches(health_pb2.HealthCheckResponse.SERVING)
    say = sayer(f"{toys[0].target},{toys[1].target.removeprefix('ipv4:')}")
    await answered_by(say, {"toy-1", "toy-2"})

    clients = asyncio.gather(*(count_answers(say, 100) for _ in range(4)))
    await say("the run has begun")
    toys[0].process.kill()

    answers = sum(await clients, Counter())

    assert answers.total() == 400
    assert answers["toy-2"] > answers["toy-1"]


async def test_a_replica_that_stops_in_order_costs_no_call(say, replicas):
    stopping = asyncio.ensure_future(replicas[0].server.stop())

    while not stopping.done():
        await say("who?")

    assert await count_answers(say) == {NAMES[1]: CALLS}


async def test_a_replica_that_returns_gets_calls_long_before_grpcs_own_longest_pause(say, replicas, serve, add_echo):
    await replicas[0].kill()
    await answered_by(say, {NAMES[1]})

    await serve(add_echo, named("replica-1 again"), port=replicas[0].server.port)
    started = time.monotonic()
    await answered_by(say, {"replica-1 again", NAMES[1]})

    assert time.monotonic() - started < 20.0, "not the 120 s that gRPC pauses unless it is told"


async def test_with_all_replicas_gone_the_tier_is_down_long_before_the_deadline_and_back_when_one_is(
    say, replicas, serve, add_echo
):
    for replica in replicas:
        await replica.kill()

    started = time.monotonic()
    with pytest.raises(TierDown):
        await say("who?")
    assert time.monotonic() - started < PATIENCE_S / 3

    await serve(add_echo, named("back"), port=replicas[1].server.port)
    async with asyncio.timeout(PATIENCE_S / 3):
        assert await until_answered(say) == "back"


async def test_with_no_replica_serving_the_tier_is_down_long_before_the_deadline(say, replicas):
    for replica in replicas:
        await replica.server.set_serving(False)

    async with asyncio.timeout(PATIENCE_S / 3):
        with pytest.raises(TierDown):
            while True:
                await say("who?")


async def test_a_connection_that_reaches_its_age_costs_no_call(serve, add_echo, sayer, connections_last):
    connections_last(200)
    say = sayer((await serve(add_echo, named("replica"))).target)
    ends = time.monotonic() + 1.0

    while time.monotonic() < ends:
        assert await say("who?") == "replica"


async def until_answered(say) -> str:
    while True:
        try:
            return await say("who?")
        except TierDown:
            continue
