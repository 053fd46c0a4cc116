"""Replicas that come and go while requests run, found by a name whose answer changes."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from chassis.context import RequestContext, current, enter
from chassis.grpc_client import TierDown, call
from chassis.grpc_replicas import _RESOLVE_EVERY_S
from chassis.grpc_server import GrpcServer

NAME = "echo.shop.test"
# Names are looked up every two seconds; the rest is for slow machines.
FOUND_WITHIN_S = 60.0


class NameServer:
    """Answers for NAME with the addresses of the moment, as the cluster's DNS does for a headless Service."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    async def look_up(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if host != NAME or not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]


@pytest.fixture
async def names(monkeypatch) -> NameServer:
    server = NameServer()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", server.look_up)
    return server


async def say(request: StringValue, _call: object) -> StringValue:
    await asyncio.sleep(0.002)
    return request


HANDLER = grpc.unary_unary_rpc_method_handler(
    say, request_deserializer=StringValue.FromString, response_serializer=StringValue.SerializeToString
)


@asynccontextmanager
async def replica(address: str, port: int) -> AsyncIterator[GrpcServer]:
    server = GrpcServer("echo", address, address, port)
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {"Say": HANDLER}),))
    await server.start()
    await server.set_serving(True)
    try:
        yield server
    finally:
        await server.server.stop(None)


class Customers:
    """Ten clients that never stop asking."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._say = channel.unary_unary(
            "/test.Echo/Say",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        self.served: Counter[str] = Counter()
        self.failures: list[str] = []
        self._open = True

    async def run(self) -> None:
        await asyncio.gather(*[self._ask() for _ in range(10)])

    async def _ask(self) -> None:
        while self._open:
            enter(RequestContext(deadline=time.monotonic() + FOUND_WITHIN_S))
            try:
                await call(self._say, StringValue(), StringValue)
            except Exception as error:  # counted whatever it is
                self.failures.append(repr(error))
            else:
                self.served[current().tiers[-1].instance] += 1
            await asyncio.sleep(0)

    async def until_served_by(self, instance: str, times: int = 1) -> float:
        """Seconds until the instance has answered so many more of them."""
        started = time.monotonic()
        enough = self.served[instance] + times
        async with asyncio.timeout(FOUND_WITHIN_S):
            while self.served[instance] < enough:
                await asyncio.sleep(0.01)
        return time.monotonic() - started

    def stop(self) -> None:
        self._open = False


async def test_a_new_replica_is_found_and_one_that_leaves_costs_no_request(names, channel_to, ports):
    port = ports.take()
    names.addresses = ["127.0.0.2"]
    async with replica("127.0.0.2", port) as first:
        customers = Customers(channel_to(f"dns:///{NAME}:{port}"))
        asking = asyncio.create_task(customers.run())
        await customers.until_served_by("127.0.0.2")

        async with replica("127.0.0.3", port) as second:
            names.addresses = ["127.0.0.2", "127.0.0.3"]
            found = await customers.until_served_by("127.0.0.3")
            print(f"the new replica had traffic after {found:.1f} s")

            names.addresses = ["127.0.0.3"]
            await first.stop()
            # By then each customer has heard the last of what the first one answered.
            await customers.until_served_by("127.0.0.3", 100)
            customers.served.clear()
            await customers.until_served_by("127.0.0.3", 500)
            assert set(customers.served) == {"127.0.0.3"}

            customers.stop()
            await asking
            await second.stop()
    assert customers.failures == []


async def test_a_name_that_is_lost_keeps_the_replicas_it_had(names, channel_to, ports):
    port = ports.take()
    names.addresses = ["127.0.0.2"]
    async with replica("127.0.0.2", port):
        customers = Customers(channel_to(f"dns:///{NAME}:{port}"))
        asking = asyncio.create_task(customers.run())
        await customers.until_served_by("127.0.0.2")
        names.addresses = []
        await customers.until_served_by("127.0.0.2", 1000)
        await asyncio.sleep(1.2 * _RESOLVE_EVERY_S)
        await customers.until_served_by("127.0.0.2", 10)
        customers.stop()
        await asking
    assert customers.failures == []


async def test_a_name_without_an_address_is_a_tier_that_is_down(names, channel_to, ports):
    customers = Customers(channel_to(f"dns:///{NAME}:{ports.take()}"))
    started = time.monotonic()

    with pytest.raises(TierDown):
        await call(customers._say, StringValue(), StringValue)

    assert time.monotonic() - started < FOUND_WITHIN_S / 3
