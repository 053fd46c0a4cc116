import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import grpc_server
from chassis.grpc_client import TierDown
from chassis.grpc_server import GrpcServer

# The notice that clients get, and air for a machine that stands still; far less than the drain.
WITHOUT_DRAIN_S = 20.0


@pytest.fixture(autouse=True)
def long_drain(monkeypatch):
    monkeypatch.setattr(grpc_server, "_DRAIN_S", 300.0)


class Hold:
    """Answers when it is opened."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, text: str) -> str:
        self.begun.set()
        await self.open.wait()
        return text


async def test_stopping_finishes_the_calls_that_have_begun(serve, add_echo, sayer):
    hold = Hold()
    served = await serve(add_echo, hold)
    call = asyncio.ensure_future(sayer(served.target)("hello"))
    await hold.begun.wait()

    stopping = asyncio.ensure_future(served.server.stop())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(stopping), 0.6)
    hold.open.set()

    assert await call == "hello"
    await asyncio.wait_for(stopping, WITHOUT_DRAIN_S)


async def test_stopping_does_not_wait_for_health_watches(serve, add_echo, sayer):
    async def echo(text: str) -> str:
        return text

    served = await serve(add_echo, echo)
    await sayer(served.target)("this channel watches the server's health from now on")
    async with grpc.aio.insecure_channel(served.target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING

        stopping = asyncio.ensure_future(served.server.stop())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await asyncio.wait_for(stopping, WITHOUT_DRAIN_S)


async def test_readiness_found_while_stopping_does_not_bring_clients_back(serve, add_echo):
    served = await serve(add_echo, Hold())
    async with grpc.aio.insecure_channel(served.target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        await watch.read()

        stopping = asyncio.ensure_future(served.server.stop())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        await served.server.set_serving(True)

        assert await watch.read() is grpc.aio.EOF
        await stopping


async def test_a_call_that_does_not_end_is_broken_off_when_the_drain_is_over(serve, add_echo, sayer, monkeypatch):
    monkeypatch.setattr(grpc_server, "_DRAIN_S", 0.1)
    hold = Hold()
    served = await serve(add_echo, hold)
    call = asyncio.ensure_future(sayer(served.target)("hello"))
    await hold.begun.wait()

    await asyncio.wait_for(served.server.stop(), WITHOUT_DRAIN_S)

    with pytest.raises(TierDown):
        await call


async def test_a_server_without_clients_stops_after_the_notice(ports):
    server = GrpcServer("test", "test-1", "127.0.0.1", ports.take())
    await server.start()

    await asyncio.wait_for(server.stop(), WITHOUT_DRAIN_S)
