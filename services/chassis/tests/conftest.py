"""A service of one RPC and a database of one table that know nothing of the shop."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis import context, grpc_client
from chassis.context import RequestContext
from chassis.postgres import Database
from chassis.queries import Queries
from localmesh.ports import PortBlock

SERVICE = "chassis.test.Echo"
QUERIES = Queries("""
-- create_item --
CREATE TABLE item (id bigint CONSTRAINT item_pkey PRIMARY KEY, name text CONSTRAINT item_name_check CHECK (name <> ''))
-- add_item --
INSERT INTO item (id, name) VALUES ($1, $2) RETURNING id, name
-- list_items --
SELECT id, name FROM item ORDER BY id
-- item_by_id --
SELECT id, name FROM item WHERE id = $1
-- sleep --
SELECT pg_sleep($1)
-- backend --
SELECT pg_backend_pid() AS pid
-- setting --
SELECT current_setting($1) AS value
-- database_name --
SELECT current_database() AS name
-- lock_item --
SELECT id FROM item WHERE id = $1 FOR UPDATE
-- raise --
SELECT raise_sqlstate($1)
-- create_raise --
CREATE FUNCTION raise_sqlstate(state text) RETURNS void LANGUAGE plpgsql AS
$$BEGIN RAISE 'as asked' USING ERRCODE = state; END$$
-- terminate --
SELECT pg_terminate_backend($1)
-- terminate_others --
SELECT pg_terminate_backend(pid), pg_sleep(0.02)
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
""")

# Far more than anything here takes, so that only what never ends is given up.
PATIENCE_S = 60.0

Behaviour = Callable[[str], Awaitable[str]]
Say = Callable[[str], Awaitable[str]]
Status = health_pb2.HealthCheckResponse.ServingStatus.ValueType
Reaches = Callable[["Status"], Awaitable[None]]


@pytest.fixture(autouse=True)
async def patience() -> None:
    """A deadline that a busy machine does not meet by accident."""
    context.enter(RequestContext(deadline=time.monotonic() + PATIENCE_S))


@pytest.fixture(scope="session")
def add_echo() -> Callable[[Behaviour, grpc.aio.Server], None]:
    """Registers a function of text as the RPC `Say`, for the fixture `serve`."""

    def add(behaviour: Behaviour, server: grpc.aio.Server) -> None:
        async def say(request: StringValue, _call: object) -> StringValue:
            return StringValue(value=await behaviour(request.value))

        handler = grpc.unary_unary_rpc_method_handler(
            say, request_deserializer=StringValue.FromString, response_serializer=StringValue.SerializeToString
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Say": handler}),))

    return add


def say_of(channel: grpc.aio.Channel) -> Callable[..., Any]:
    """The RPC of the toy service on a channel."""
    return channel.unary_unary(
        f"/{SERVICE}/Say",
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )


@pytest.fixture
def sayer(channel_to) -> Callable[[str], Say]:
    """`say = sayer(target)`, then `await say("hello")` as a service calls another."""

    def connect(target: str) -> Say:
        method = say_of(channel_to(target))

        async def say(text: str) -> str:
            return (await grpc_client.call(method, StringValue(value=text), StringValue)).value

        return say

    return connect


@pytest.fixture
def request_context() -> Iterator[RequestContext]:
    """The test stands inside this request."""
    entered = RequestContext(request_id="request-1", deadline=time.monotonic() + PATIENCE_S)
    context.enter(entered)
    yield entered
    context._current.set(None)


@dataclass(frozen=True)
class Toy:
    """A process of `toy_service.py`; what it prints and logs goes to `output`."""

    process: asyncio.subprocess.Process
    target: str
    metrics_port: int
    output: Path

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Reaches"]:
        """`async with toy.watched() as reaches`, then `await reaches(status)` returns when its health is `status`."""
        async with grpc.aio.insecure_channel(self.target, [("grpc.max_reconnect_backoff_ms", 100)]) as channel:
            request = health_pb2.HealthCheckRequest()
            watch = health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True, timeout=PATIENCE_S)

            async def reaches(status: "Status") -> None:
                async for answer in watch:
                    if answer.status == status:
                        return
                raise AssertionError("the process has ended")

            yield reaches
            watch.cancel()

    async def reaches(self, status: "Status") -> None:
        """Returns when the process's health is `status`; fails when it has ended."""
        async with self.watched() as reaches:
            await reaches(status)

    async def says(self, line: str) -> None:
        """Returns when the process has printed this line."""
        async with asyncio.timeout(PATIENCE_S):
            while line not in self.output.read_text().splitlines():
                await asyncio.sleep(0.005)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30.0)


@pytest.fixture
async def start_toy(tmp_path: Path, ports: PortBlock) -> AsyncIterator[Callable[..., Awaitable[Toy]]]:
    """`await start_toy(NAME="value")` starts the process with these changes to its environment; None removes one."""
    toys: list[Toy] = []

    async def start(**changes: str | None) -> Toy:
        grpc_port, metrics_port = ports.take(), ports.take()
        environment = {
            "INSTANCE_NAME": f"toy-{len(toys) + 1}",
            "LISTEN_HOST": "127.0.0.1",
            "GRPC_PORT": str(grpc_port),
            "METRICS_PORT": str(metrics_port),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        } | changes
        output = tmp_path / f"{environment['INSTANCE_NAME']}.log"
        with output.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("toy_service.py")),
                env={name: value for name, value in environment.items() if value is not None},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        toys.append(Toy(process, f"ipv4:127.0.0.1:{grpc_port}", metrics_port, output))
        return toys[-1]

    yield start
    for toy in toys:
        if toy.process.returncode is None:
            toy.process.kill()
        await toy.process.wait()


@pytest.fixture
async def open_pool(database_for) -> AsyncIterator[Callable[..., Awaitable[Database]]]:
    """`await open_pool(pool_size=2)` on the one empty database of this test, or on another at `dsn`."""
    own = await database_for(None)
    async with AsyncExitStack() as cleanup:

        async def open_(pool_size: int = 2, dsn: str = own) -> Database:
            database = Database(dsn, QUERIES, pool_size=pool_size, application_name="test-1")
            await database.open()
            cleanup.push_async_callback(database.close)
            return database

        yield open_


@pytest.fixture
async def database(open_pool) -> Database:
    """A pool on a database with the table `item`, empty."""
    database = await open_pool()
    await database.execute("create_item")
    return database
