"""Starts the account service."""

from agora.account.v1.account_pb2_grpc import add_AccountServiceServicer_to_server

from account.assembly import assemble
from account.repository import Repository
from account.sessions import SWEEP_EVERY_S
from account.settings import Settings
from account.shared_buckets import SharedBuckets
from account.token_buckets import LocalBuckets
from chassis.grpc_server import GrpcServer
from chassis.service import Running, run
from chassis.settings import read_or_exit

settings = read_or_exit(Settings.read)


async def compose(running: Running, server: GrpcServer) -> list[str]:
    repository = Repository(await running.open_database(settings.service, "account"))
    redis = running.open_redis(settings.service.process, settings.redis_url)
    buckets = SharedBuckets(redis, LocalBuckets())
    servicer, sessions = assemble(repository, buckets, settings.attempt_limits)
    running.repeat("sweep_sessions", sessions.sweep, every_s=SWEEP_EVERY_S)
    add_AccountServiceServicer_to_server(servicer, server.server)
    return ["agora.account.v1.AccountService"]


run("account", settings.service, compose)
