import asyncio
import time

import grpc
import pytest

from chassis import context, grpc_client
from chassis.context import DEFAULT_TIMEOUT_S
from chassis.errors import DeadlineExceeded
from chassis.grpc_client import TierDown
from chassis.status import RemoteRefusal


async def remaining(_text: str) -> str:
    return str(context.current().remaining())


async def test_the_deadline_travels_and_shrinks_from_tier_to_tier(serve, add_echo, sayer, request_context):
    inside = sayer((await serve(add_echo, remaining)).target)

    async def work_and_ask(text: str) -> str:
        left = context.current().remaining()
        await asyncio.sleep(0.2)
        return f"{left} {await inside(text)}"

    outside = sayer((await serve(add_echo, work_and_ask)).target)
    request_context.deadline = time.monotonic() + 2.0

    outer, inner = map(float, (await outside("how long?")).split())

    assert outer <= 2.0
    assert 1.0 < inner < outer - 0.1  # gRPC rounds a timeout up by some milliseconds


async def test_a_call_outside_of_a_request_has_the_default_deadline(serve, add_echo, sayer):
    left = float(await sayer((await serve(add_echo, remaining)).target)("how long?"))

    assert DEFAULT_TIMEOUT_S - 1.0 < left <= DEFAULT_TIMEOUT_S


async def test_a_call_ends_at_the_deadline_on_both_sides(serve, add_echo, sayer, request_context):
    ended = asyncio.Event()

    async def hang(text: str) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return text

    say = sayer((await serve(add_echo, hang)).target)
    request_context.deadline = time.monotonic() + 0.2

    with pytest.raises(DeadlineExceeded) as refused:
        await say("hello")

    assert refused.value.message == "the deadline passed"
    assert -0.3 < request_context.deadline - time.monotonic() <= 0.05
    await asyncio.wait_for(ended.wait(), 1.0)


async def test_a_call_after_the_deadline_is_not_sent(serve, add_echo, sayer, request_context):
    called: list[str] = []

    async def record(text: str) -> str:
        called.append(text)
        return text

    say = sayer((await serve(add_echo, record)).target)
    request_context.deadline = time.monotonic()

    with pytest.raises(DeadlineExceeded, match="before the call"):
        await say("hello")

    assert called == []


async def test_a_tier_nobody_serves_is_down_well_within_a_second(sayer, unused_tcp_port: int):
    say = sayer(f"ipv4:127.0.0.1:{unused_tcp_port}")
    started = time.monotonic()

    with pytest.raises(TierDown) as refused:
        await say("hello")

    assert time.monotonic() - started < 1.0
    assert str(unused_tcp_port) not in refused.value.message


async def test_a_refusal_of_unavailable_keeps_its_reason(serve, add_echo, sayer):
    async def refuse(_text: str) -> str:
        raise grpc_client.TierDown("the tier behind is away")

    with pytest.raises(RemoteRefusal) as refused:
        await sayer((await serve(add_echo, refuse)).target)("hello")

    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.UNAVAILABLE, "TIER_DOWN")


async def test_an_unavailable_answer_is_tried_again(serve, add_echo, sayer):
    calls: list[str] = []

    async def fail_once(text: str) -> str:
        calls.append(text)
        if len(calls) == 1:
            raise TierDown("not yet")
        return text

    assert await sayer((await serve(add_echo, fail_once)).target)("hello") == "hello"
    assert calls == ["hello", "hello"]


async def test_a_cancelled_caller_cancels_the_call(serve, add_echo, sayer):
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(text: str) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return text

    call = asyncio.ensure_future(sayer((await serve(add_echo, hang)).target)("hello"))
    await begun.wait()

    call.cancel()

    await asyncio.wait_for(cancelled.wait(), 1.0)
    assert (await asyncio.gather(call, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_channel_is_ready_once_a_replica_serves(serve, add_echo, channel_to):
    channel = channel_to((await serve(add_echo, remaining)).target)

    async with asyncio.timeout(2):
        while not grpc_client.is_ready(channel):
            await channel.wait_for_state_change(channel.get_state())


async def test_a_message_may_be_large_downstream(serve, add_echo, sayer):
    async def repeat(text: str) -> str:
        return text * 5_000_000

    assert len(await sayer((await serve(add_echo, repeat)).target)("x")) == 5_000_000
