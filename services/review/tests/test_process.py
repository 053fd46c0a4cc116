"""The service as a process of its own."""

import asyncio
import os
import subprocess
import sys

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from localmesh.ports import PortBlock


@pytest.fixture
def environment(tmp_path, dsn):
    """The order service is never there."""
    with PortBlock(tmp_path) as ports:
        yield os.environ | {
            "DATABASE_URL": dsn,
            "ORDER_TARGET": "ipv4:127.0.0.1:1",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "LISTEN_HOST": "127.0.0.1",
            "GRPC_PORT": str(ports.take()),
            "METRICS_PORT": str(ports.take()),
        }


async def until_serving(target, service):
    async with grpc.aio.insecure_channel(target) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        async for answer in health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True, timeout=30):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return


async def test_it_is_ready_without_the_order_service_and_drains_on_sigterm(environment):
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "review", env=environment)
    try:
        await until_serving(f"127.0.0.1:{environment['GRPC_PORT']}", "agora.review.v1.ReviewService")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("name", ["DATABASE_URL", "ORDER_TARGET", "REDIS_URL", "GRPC_PORT"])
def test_a_missing_value_stops_it_with_the_line_that_names_it(environment, name):
    environment = {key: value for key, value in environment.items() if key != name}
    ended = subprocess.run(
        [sys.executable, "-m", "review"], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, f"configuration: {name} is not set\n")
