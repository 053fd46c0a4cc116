"""One of two replicas hangs, as a whole or in its event loop only, and calls succeed within their deadlines."""

import asyncio
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2

from chassis import grpc_client
from chassis.context import DEFAULT_TIMEOUT_S, RequestContext, enter
from chassis.errors import Refusal
from chassis.grpc_channel import Budget
from chassis.grpc_client import TierDown

from .conftest import SERVICE, say_of

CLIENTS = 10
# By then a hung replica must have been found, also on a slow machine.
FOUND_WITHIN_S = 4.0
SLOW_S = 0.8


@dataclass
class Load:
    """Clients that ask all the time, each request with the deadline that requests have."""

    say: object
    slow: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    async def run(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))

    async def _client(self) -> None:
        while not self.is_over:
            began = time.monotonic()
            enter(RequestContext(deadline=began + DEFAULT_TIMEOUT_S))
            try:
                self.answers[await self.say("who?")] += 1
            except Refusal as refusal:
                self.errors.append(repr(refusal))
            if time.monotonic() - began > SLOW_S:
                self.slow.append(began)
            await asyncio.sleep(0.005)


@pytest.fixture
async def toys(start_toy):
    toys = [await start_toy(), await start_toy()]
    for toy in toys:
        await toy.reaches(health_pb2.HealthCheckResponse.SERVING)
    return toys


@pytest.fixture
def target(toys) -> str:
    return f"{toys[0].target},{toys[1].target.removeprefix('ipv4:')}"


async def both_answer(say) -> None:
    async with asyncio.timeout(30):
        while {await say("who?") for _ in range(4)} != {"toy-1", "toy-2"}:
            pass


async def test_a_paused_replica_costs_no_call(toys, target, sayer):
    load = Load(sayer(target))
    await both_answer(load.say)
    running = asyncio.create_task(load.run())
    paused = time.monotonic()

    toys[0].process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(8)
    load.answers.clear()
    toys[0].process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(30):
        while not load.answers["toy-1"]:
            await asyncio.sleep(0.01)
    load.is_over = True
    await running

    assert load.errors == []
    assert all(began - paused < FOUND_WITHIN_S for began in load.slow), "none is slow once the replica is found"


async def test_a_replica_whose_event_loop_hangs_costs_no_call(toys, target, sayer):
    load = Load(sayer(target))
    await both_answer(load.say)
    blocking = asyncio.create_task(sayer(toys[0].target)("block"))
    running = asyncio.create_task(load.run())
    blocked = time.monotonic()

    await asyncio.sleep(8)
    load.is_over = True
    await running
    blocking.cancel()

    assert load.errors == []
    # Its first slow calls are many, and then one for each look at whether it answers again.
    late = [began for began in load.slow if began - blocked > FOUND_WITHIN_S]
    assert len(late) <= 3
    assert load.answers["toy-2"] > 100


async def test_upload_to_a_paused_replica_fails_in_time(toys, target, channel_to):
    upload = channel_to(target).stream_unary(
        f"/{SERVICE}/Say",
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )

    async def pieces():
        yield StringValue(value="who?")

    async def send() -> str:
        return (await grpc_client.call(upload, pieces(), StringValue)).value

    async with asyncio.timeout(30):
        while {await send() for _ in range(4)} != {"toy-1", "toy-2"}:
            pass
    toys[0].process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    enter(RequestContext(deadline=began + DEFAULT_TIMEOUT_S))

    with pytest.raises(TierDown):
        await send()
        await send()

    assert time.monotonic() - began < FOUND_WITHIN_S
    assert await send() == "toy-2"


async def test_a_slow_tier_gets_few_calls_twice(serve, add_echo, sayer):
    calls = Counter()

    def slow(name: str):
        async def answer(text: str) -> str:
            calls[text] += 1
            await asyncio.sleep(1.5)
            return name

        return answer

    replicas = [await serve(add_echo, slow(name)) for name in ("one", "two")]
    say = sayer(",".join([replicas[0].target, replicas[1].target.removeprefix("ipv4:")]))
    await say("warm")

    answers = await asyncio.gather(*(say(f"call {number}") for number in range(400)), return_exceptions=True)

    assert not [answer for answer in answers if isinstance(answer, BaseException)]
    assert sum(calls.values()) <= 401 + Budget._FULL + 1


async def test_a_call_without_hedging_reaches_one_replica(serve, add_echo, channel_to):
    calls = Counter()

    async def slow(text: str) -> str:
        calls[text] += 1
        await asyncio.sleep(1.5)
        return text

    replicas = [await serve(add_echo, slow) for _ in range(2)]
    method = say_of(channel_to(",".join([replicas[0].target, replicas[1].target.removeprefix("ipv4:")])))

    await grpc_client.call(method, StringValue(value="hash me"), StringValue, hedge=False)

    assert calls["hash me"] == 1


async def test_an_error_of_the_second_replica_is_the_answer(serve, add_echo, sayer):
    async def hang(_text: str) -> str:
        await asyncio.sleep(60)
        return "never"

    async def reject(_text: str) -> str:
        raise KeyError

    hung = await serve(add_echo, hang)
    other = await serve(add_echo, reject)
    say = sayer(f"{hung.target},{other.target.removeprefix('ipv4:')}")
    began = time.monotonic()
    reasons = set()
    for _ in range(2):
        with pytest.raises(Refusal) as met:
            await say("hello")
        reasons.add(met.value.reason)

    assert reasons == {"INTERNAL"}
    assert time.monotonic() - began < 20.0
