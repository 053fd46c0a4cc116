import asyncio
import logging

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import REGISTRY

from chassis import context
from chassis.context import RequestContext
from chassis.errors import NotFound
from chassis.grpc_server import GrpcServer
from chassis.settings import SettingsError
from chassis.status import RemoteRefusal

METHOD = "chassis.test.Echo/Say"


async def echo(text: str) -> str:
    return text


def calls_counted(code: str) -> float:
    labels = {"rpc_method": METHOD, "rpc_response_status_code": code}
    return REGISTRY.get_sample_value("rpc_server_call_duration_seconds_count", labels) or 0.0


def calls_active() -> float:
    return REGISTRY.get_sample_value("rpc_server_active_calls") or 0.0


async def test_a_call_is_answered(serve, add_echo, sayer):
    say = sayer((await serve(add_echo, echo)).target)

    assert await say("grüß dich") == "grüß dich"


async def test_the_request_id_travels_through_every_tier(serve, add_echo, sayer, request_context: RequestContext):
    seen: list[str] = []

    async def inner(text: str) -> str:
        seen.append(context.current_request_id())
        return text

    inside = sayer((await serve(add_echo, inner)).target)

    async def outer(text: str) -> str:
        seen.append(context.current_request_id())
        return await inside(text)

    await sayer((await serve(add_echo, outer)).target)("hello")

    assert seen == [request_context.request_id] * 2


async def test_concurrent_requests_do_not_see_each_others_context(serve, add_echo, sayer):
    arrived = asyncio.Barrier(3)

    async def identify(_text: str) -> str:
        await arrived.wait()
        return context.current_request_id()

    say = sayer((await serve(add_echo, identify)).target)

    async def request(name: str) -> str:
        context.enter(RequestContext(request_id=name))
        return await say("who?")

    assert await asyncio.gather(*map(request, "abc")) == ["a", "b", "c"]
    assert context.current_request_id() == ""


async def test_an_unexpected_exception_is_told_plainly_and_logged_in_full(serve, add_echo, sayer, caplog):
    async def fail(_text: str) -> str:
        raise KeyError("the secret detail")

    say = sayer((await serve(add_echo, fail)).target)

    with pytest.raises(RemoteRefusal) as refused:
        await say("hello")

    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert refused.value.message == "an internal error occurred"
    assert refused.value.metadata == {}
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert METHOD in record.getMessage()
    assert "the secret detail" in str(record.exc_info)


async def test_a_refusal_is_no_defect_and_leaves_no_trace(serve, add_echo, sayer, caplog):
    async def refuse(_text: str) -> str:
        raise NotFound("no such thing")

    say = sayer((await serve(add_echo, refuse)).target)

    with pytest.raises(RemoteRefusal):
        await say("hello")

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_call_aborted_by_its_handler_keeps_its_status(serve, caplog):
    async def abort(_request: bytes, call) -> bytes:
        await call.abort(grpc.StatusCode.DATA_LOSS, "as it wished")

    def add(_servicer: object, server: grpc.aio.Server) -> None:
        handlers = {"Abort": grpc.unary_unary_rpc_method_handler(abort)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("chassis.test.Abort", handlers),))

    async with grpc.aio.insecure_channel((await serve(add, None)).target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary("/chassis.test.Abort/Abort")(b"")

    assert (failed.value.code(), failed.value.details()) == (grpc.StatusCode.DATA_LOSS, "as it wished")
    assert "unexpected" not in caplog.text


async def test_an_unknown_method_is_unimplemented(serve, add_echo):
    async with grpc.aio.insecure_channel((await serve(add_echo, echo)).target) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary("/chassis.test.Echo/Sing")(b"")

    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_answer_names_each_tier_that_worked_innermost_first(serve, add_echo, sayer, request_context):
    catalog = await serve(add_echo, echo, tier="catalog", instance="catalog-2")
    ask_catalog = sayer(catalog.target)

    async def ask_twice(text: str) -> str:
        return await ask_catalog(await ask_catalog(text))

    order = await serve(add_echo, ask_twice, tier="order", instance="order-1")
    await sayer(order.target)("hello")

    first, second, outer = request_context.tiers
    assert [(tier.tier, tier.instance) for tier in (first, second, outer)] == [
        ("catalog", "catalog-2"),
        ("catalog", "catalog-2"),
        ("order", "order-1"),
    ]
    assert 0 < first.milliseconds + second.milliseconds <= outer.milliseconds


async def test_a_refusal_names_the_tiers_too(serve, add_echo, sayer, request_context):
    async def refuse(_text: str) -> str:
        raise NotFound("no such thing")

    say = sayer((await serve(add_echo, refuse, tier="catalog")).target)

    with pytest.raises(RemoteRefusal):
        await say("hello")

    assert [tier.tier for tier in request_context.tiers] == ["catalog"]


async def test_calls_are_measured_by_method_and_status(serve, add_echo, sayer):
    async def answer(text: str) -> str:
        if text == "no":
            raise NotFound("no such thing")
        return text

    say = sayer((await serve(add_echo, answer)).target)
    before = calls_counted("OK"), calls_counted("NOT_FOUND")

    await say("yes")
    with pytest.raises(RemoteRefusal):
        await say("no")

    assert (calls_counted("OK"), calls_counted("NOT_FOUND")) == (before[0] + 1, before[1] + 1)


async def test_a_call_its_sender_gave_up_is_measured_as_cancelled(serve, add_echo, sayer):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hang(text: str) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            asyncio.get_running_loop().call_soon(ended.set)
        return text

    before, active = calls_counted("CANCELLED"), calls_active()
    say = sayer((await serve(add_echo, hang)).target)
    call = asyncio.ensure_future(say("hello"))
    await begun.wait()
    assert calls_active() == active + 1

    call.cancel()
    await ended.wait()

    assert (calls_counted("CANCELLED"), calls_active()) == (before + 1, active)


async def test_a_taken_port_is_a_settings_error_that_names_it(serve, add_echo):
    taken = (await serve(add_echo, echo)).server.port

    with pytest.raises(SettingsError, match=f"GRPC_PORT: cannot listen on 127.0.0.1:{taken}"):
        await GrpcServer("test", "test-2", "127.0.0.1", taken).start()


async def test_health_is_not_serving_until_told_and_for_every_name(ports):
    server = GrpcServer("test", "test-1", "127.0.0.1", ports.take())
    await server.start("chassis.test.Echo")
    async with grpc.aio.insecure_channel(f"ipv4:127.0.0.1:{server.port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        for state in (False, True, False):
            await server.set_serving(state)
            expected = health_pb2.HealthCheckResponse.SERVING if state else health_pb2.HealthCheckResponse.NOT_SERVING
            for name in ("", "chassis.test.Echo"):
                assert (await check(health_pb2.HealthCheckRequest(service=name))).status == expected
    await server.server.stop(None)
