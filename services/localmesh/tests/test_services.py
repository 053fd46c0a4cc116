"""Each service as a process: ready with its database alone, gone on SIGTERM, and strict about its settings."""

import asyncio
import os
import subprocess
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

REDIS = {"REDIS_URL": "redis://127.0.0.1:1/0"}
# By service: its gRPC name, and where it is told to find what is never there.
SERVICES = {
    "catalog": ("agora.catalog.v1.CatalogService", REDIS),
    "order": ("agora.order.v1.OrderService", {"CATALOG_TARGET": "ipv4:127.0.0.1:1"}),
    "account": ("agora.account.v1.AccountService", REDIS),
    "review": ("agora.review.v1.ReviewService", REDIS | {"ORDER_TARGET": "ipv4:127.0.0.1:1"}),
}
REQUIRED = [
    (service, name) for service, (_, absent) in SERVICES.items() for name in ("DATABASE_URL", "GRPC_PORT", *absent)
]


def environment_of(service, dsn, ports):
    _, absent = SERVICES[service]
    own = {"GRPC_PORT": str(ports.take()), "METRICS_PORT": str(ports.take())}
    return os.environ | {"DATABASE_URL": dsn, "LISTEN_HOST": "127.0.0.1"} | own | absent


async def until_serving(target, name):
    async with grpc.aio.insecure_channel(target) as channel:
        request = health_pb2.HealthCheckRequest(service=name)
        async for answer in health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True, timeout=30):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return


@pytest.mark.parametrize("service", SERVICES)
async def test_it_is_ready_with_its_database_alone_and_drains_on_sigterm(service, database_for, ports):
    environment = environment_of(service, await database_for(service), ports)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", service, env=environment)
    try:
        await until_serving(f"127.0.0.1:{environment['GRPC_PORT']}", SERVICES[service][0])
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(("service", "name"), REQUIRED)
def test_a_missing_value_stops_it_with_the_line_that_names_it(service, name, ports):
    environment = environment_of(service, "postgresql://nobody@127.0.0.1:1/none", ports)
    del environment[name]
    ended = subprocess.run(
        [sys.executable, "-m", service], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, f"configuration: {name} is not set\n")
