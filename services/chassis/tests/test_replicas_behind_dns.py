"""Replicas that come and go while requests run, found through a real name server whose answer changes."""

import asyncio
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from chassis.context import RequestContext, current, enter
from chassis.grpc_client import call
from chassis.grpc_server import GrpcServer

NAME = b"\x04echo\x04shop\x04test\x00"
ADDRESS_RECORD, INTERNET = 1, 1
# A connection lasts ten seconds, more or less a tenth; the rest is for slow machines.
FOUND_WITHIN_S = 60.0


class NameServer(asyncio.DatagramProtocol):
    """Answers for NAME with the addresses of the moment, as the cluster's DNS does for a headless Service."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question_end = data.index(b"\x00", 12) + 5
        kind, _ = struct.unpack("!HH", data[question_end - 4 : question_end])
        found = self.addresses if kind == ADDRESS_RECORD and data[12:].startswith(NAME) else []
        header = data[:2] + struct.pack("!HHHHH", 0x8180, 1, len(found), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", ADDRESS_RECORD, INTERNET, 1, 4)
        answers = b"".join(record + socket.inet_aton(address) for address in found)
        self.transport.sendto(header + data[12:question_end] + answers, addr)


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


async def test_a_new_replica_is_found_and_one_that_leaves_costs_no_request(channel_to, ports):
    names = NameServer()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: names, ("127.0.0.1", 0))
    port = ports.take()
    names.addresses = ["127.0.0.2"]
    async with replica("127.0.0.2", port) as first:
        resolver = transport.get_extra_info("sockname")[1]
        customers = Customers(channel_to(f"dns://127.0.0.1:{resolver}/echo.shop.test:{port}"))
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
    transport.close()
    assert customers.failures == []
