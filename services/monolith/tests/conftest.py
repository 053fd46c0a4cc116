"""A monolith on a real port over real databases, and a client that can also misbehave."""

import asyncio
import itertools
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import pytest
from google.rpc import error_details_pb2, status_pb2

from agora.account.v1 import account_pb2
from chassis.connections import SWEEP_EVERY_S
from chassis.service import Running
from chassis.settings import ConnectionLimits, ProcessSettings
from monolith.dispatch import Dispatch
from monolith.frames import LENGTH, Answer, Request, read_answer, read_length, write_request
from monolith.server import SocketServer
from monolith.settings import Settings
from monolith.shop import ShopBuilder

PASSWORD = "a long enough password"


@dataclass
class Refused(Exception):
    code: int
    reason: str
    metadata: dict[str, str]


class Client:
    """One connection. `call` is what a good client does, the rest is for the others."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.token = ""
        self._numbers = itertools.count(1)

    async def call(self, method, request, response_type):
        number = next(self._numbers)
        await self.send(write_request(Request(number, method, self.token, request.SerializeToString())))
        answer = await self.receive()
        assert answer.number == number
        if answer.code:
            raise refusal_of(answer)
        return response_type.FromString(answer.payload)

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self) -> Answer:
        length = read_length(await self.reader.readexactly(LENGTH.size))
        return read_answer(await self.reader.readexactly(length))

    async def is_closed(self):
        return await asyncio.wait_for(self.reader.read(1), 30) == b""

    async def sign_up(self, username, role):
        new = account_pb2.CreateAccountRequest(request_id=username, username=username, password=PASSWORD, role=role)
        await self.call("agora.account.v1.AccountService/CreateAccount", new, account_pb2.CreateAccountResponse)
        return await self.sign_in(username)

    async def sign_in(self, username):
        credentials = account_pb2.CreateSessionRequest(username=username, password=PASSWORD)
        opened = await self.call(
            "agora.account.v1.AccountService/CreateSession", credentials, account_pb2.CreateSessionResponse
        )
        self.token = opened.token
        return opened.session.account_id


def refusal_of(answer: Answer) -> Refused:
    status = status_pb2.Status.FromString(answer.payload)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert status.code == answer.code
    return Refused(answer.code, info.reason, dict(info.metadata))


@dataclass
class Monolith:
    server: SocketServer
    port: int
    cleanup: AsyncExitStack

    async def connect(self, address="127.0.0.1") -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
        self.cleanup.push_async_callback(_close, writer)
        return Client(reader, writer)


async def _close(writer):
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def settings(database_for, redis_url) -> Settings:
    process = ProcessSettings("monolith-test", "127.0.0.1", 1, "INFO", "text", None)
    owners = ("account", "catalog", "order", "review")
    urls = {f"{owner}_database_url": await database_for(owner) for owner in owners}
    return Settings(process=process, connections=ConnectionLimits(), port=1, pool_size=4, redis_url=redis_url, **urls)


@pytest.fixture
def limits(request) -> ConnectionLimits:
    """Those of production, unless a test asks for others by an indirect parameter."""
    return getattr(request, "param", ConnectionLimits())


@pytest.fixture
async def monolith(settings, ports, limits):
    async with Running() as running, AsyncExitStack() as cleanup:
        server = SocketServer(Dispatch(await ShopBuilder(settings, running).build()), limits)
        cleanup.push_async_callback(server.stop)
        running.repeat("connections", server.sweep, every_s=SWEEP_EVERY_S)
        yield Monolith(server, await server.start("127.0.0.1", ports.take()), cleanup)


@pytest.fixture
async def client(monolith) -> Client:
    return await monolith.connect()
