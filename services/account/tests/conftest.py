"""Replicas of the account service over real stores, and a Valkey that a test may break."""

import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from account.assembly import assemble
from account.attempts import AttemptLimits
from account.repository import Repository
from account.sessions import Sessions
from account.shared_buckets import SharedBuckets
from account.token_buckets import LocalBuckets
from agora.account.v1 import account_pb2, account_pb2_grpc
from chassis import grpc_client, redis
from chassis.context import RequestContext, enter
from chassis.postgres import Database
from localmesh.valkey import CACHE_RULES, Valkey

PASSWORD = "correct horse"
LIMITS = AttemptLimits(account_failures=20, address_failures=20, address_sign_ups=20)
_request_numbers = count()


@pytest.fixture(autouse=True)
async def patience():
    """A deadline that a busy machine does not meet by accident."""
    enter(RequestContext(deadline=time.monotonic() + 60))


@pytest.fixture
def unhurried(monkeypatch):
    """For tests of what happens and not of when: a machine that stands still does not lose Redis."""
    monkeypatch.setattr(redis, "TIMEOUT_S", 30.0)


@dataclass(frozen=True)
class Replica:
    """A replica behind a real gRPC server, and its parts."""

    stub: account_pb2_grpc.AccountServiceStub
    database: Database
    repository: Repository
    sessions: Sessions

    async def create_account(self, username="ann", role=account_pb2.ROLE_BUYER, **changed):
        request = {"request_id": f"request-{next(_request_numbers)}", "password": PASSWORD, **changed}
        request = account_pb2.CreateAccountRequest(username=username, role=role, **request)
        response = await grpc_client.call(self.stub.CreateAccount, request, account_pb2.CreateAccountResponse)
        return response.account

    async def sign_in(self, username="ann", password=PASSWORD, address=""):
        request = account_pb2.CreateSessionRequest(username=username, password=password, client_address=address)
        return await grpc_client.call(self.stub.CreateSession, request, account_pb2.CreateSessionResponse)

    async def sign_out(self, token_hash):
        request = account_pb2.DeleteSessionRequest(token_hash=token_hash)
        await grpc_client.call(self.stub.DeleteSession, request, account_pb2.DeleteSessionResponse)

    async def live(self, *token_hashes):
        request = account_pb2.BatchGetSessionsRequest(token_hashes=token_hashes)
        response = await grpc_client.call(self.stub.BatchGetSessions, request, account_pb2.BatchGetSessionsResponse)
        return list(response.sessions)


@dataclass
class StartReplica:
    open_database: Any
    serve: Any
    channel_to: Any
    cleanup: AsyncExitStack
    dsn: str

    async def __call__(self, redis_url, limits=LIMITS):
        database = await self.open_database("account", self.dsn)
        repository = Repository(database)
        client = redis.connect(redis_url, name="account-test", timeout_s=redis.TIMEOUT_S)
        self.cleanup.push_async_callback(client.aclose)
        servicer, sessions = assemble(repository, SharedBuckets(client, LocalBuckets()), limits)
        served = await self.serve(account_pb2_grpc.add_AccountServiceServicer_to_server, servicer, tier="account")
        stub = account_pb2_grpc.AccountServiceStub(self.channel_to(served.target))
        return Replica(stub, database, repository, sessions)


@pytest.fixture
async def dsn(database_for) -> str:
    return await database_for("account")


@pytest.fixture
async def start_replica(open_database, serve, channel_to, dsn) -> AsyncIterator[StartReplica]:
    """`await start_replica(redis_url)`: all replicas of a test share one database."""
    async with AsyncExitStack() as cleanup:
        yield StartReplica(open_database, serve, channel_to, cleanup, dsn)


@pytest.fixture
async def replica(start_replica, redis_url) -> Replica:
    return await start_replica(redis_url)


@dataclass
class BreakableValkey:
    """A Valkey of the test's own."""

    valkey: Valkey
    log: Path
    process: Popen | None = field(default=None)

    @property
    def url(self):
        return self.valkey.url

    def start(self):
        with self.log.open("ab") as log:
            self.process = self.valkey.launch(log.fileno())
        deadline = time.monotonic() + 60
        while not self.valkey.is_ready(self.process.pid):
            assert time.monotonic() < deadline, self.log.read_text()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def breakable_valkey(tmp_path, ports) -> Iterator[BreakableValkey]:
    valkey = Valkey(tmp_path / "valkey", ports.take(), "secret", CACHE_RULES)
    valkey.prepare()
    breakable = BreakableValkey(valkey, tmp_path / "valkey.log")
    breakable.start()
    yield breakable
    breakable.stop()
