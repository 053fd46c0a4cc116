import asyncio
import time

import grpc
import pytest

from chassis import context, grpc_client
from chassis.errors import DeadlineExceeded, Refusal
from chassis.grpc_client import TierDown
from chassis.postgres_errors import StoreBusy
from chassis.status import RemoteRefusal

from .conftest import PATIENCE_S

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


async def remaining(_text: str) -> str:
    return str(context.current().remaining())


async def test_the_deadline_travels_and_shrinks_from_tier_to_tier(serve, add_echo, sayer, request_context):
    inside = sayer((await serve(add_echo, remaining)).target)

    async def work_and_ask(text: str) -> str:
        left = context.current().remaining()
        await asyncio.sleep(0.3)
        return f"{left} {await inside(text)}"

    outside = sayer((await serve(add_echo, work_and_ask)).target)
    request_context.deadline = time.monotonic() + 60.0

    outer, inner = map(float, (await outside("how long?")).split())

    # gRPC rounds a timeout of a minute up to a tenth of a second.
    assert outer <= 60.1
    assert 30.0 < inner < outer - 0.1


async def test_a_call_outside_of_a_request_has_the_default_deadline(serve, add_echo, sayer, monkeypatch):
    monkeypatch.setattr(context, "DEFAULT_TIMEOUT_S", 40.0)
    say = sayer((await serve(add_echo, remaining)).target)
    context._current.set(None)

    assert 20.0 < float(await say("how long?")) <= 40.1


async def test_a_call_ends_at_the_deadline_on_both_sides(serve, add_echo, sayer, request_context):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hang(text: str) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return text

    say = sayer((await serve(add_echo, hang)).target)
    # On a machine that stands still the deadline may pass before the call arrives.
    while not begun.is_set():
        request_context.deadline = time.monotonic() + 0.2
        with pytest.raises(DeadlineExceeded) as refused:
            await say("hello")

    assert refused.value.message == "the deadline passed"
    assert -20.0 < request_context.deadline - time.monotonic() <= 0.05
    await asyncio.wait_for(ended.wait(), 20.0)


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


async def test_a_tier_nobody_serves_is_down_long_before_the_deadline(sayer):
    say = sayer("ipv4:127.0.0.1:1")
    started = time.monotonic()

    with pytest.raises(TierDown) as refused:
        await say("hello")

    assert time.monotonic() - started < PATIENCE_S / 3
    assert "127.0.0.1" not in refused.value.message


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


@pytest.mark.parametrize("error", [StoreBusy(), RemoteRefusal(UNAVAILABLE, "STORE_DOWN", "relayed", {})])
async def test_an_error_with_pushback_is_not_sent_again(serve, add_echo, sayer, error: Refusal):
    calls: list[str] = []

    async def refuse(text: str) -> str:
        calls.append(text)
        raise error

    with pytest.raises(RemoteRefusal) as refused:
        await sayer((await serve(add_echo, refuse)).target)("hello")

    assert refused.value.reason == error.reason
    assert calls == ["hello"]


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

    await asyncio.wait_for(cancelled.wait(), 20.0)
    assert (await asyncio.gather(call, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_channel_is_ready_once_a_replica_serves(serve, add_echo, channel_to):
    channel = channel_to((await serve(add_echo, remaining)).target)

    async with asyncio.timeout(20):
        await grpc_client.until_ready(channel)


async def test_a_message_may_be_large_downstream(serve, add_echo, sayer):
    async def repeat(text: str) -> str:
        return text * 5_000_000

    assert len(await sayer((await serve(add_echo, repeat)).target)("x")) == 5_000_000
