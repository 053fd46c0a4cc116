"""The monolith as a process of its own."""

import asyncio
import os
import subprocess
import sys

import pytest


@pytest.fixture
def environment(ports, settings):
    """Redis is never there."""
    return os.environ | {
        "ACCOUNT_DATABASE_URL": settings.account_database_url,
        "CATALOG_DATABASE_URL": settings.catalog_database_url,
        "ORDER_DATABASE_URL": settings.order_database_url,
        "REVIEW_DATABASE_URL": settings.review_database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "LISTEN_HOST": "127.0.0.1",
        "MONOLITH_PORT": str(ports.take()),
        "METRICS_PORT": str(ports.take()),
    }


async def connected(port):
    for _ in range(300):
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
    pytest.fail("it does not listen")


async def test_it_serves_and_closes_its_connections_on_sigterm(environment):
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "monolith", env=environment)
    try:
        reader, writer = await connected(int(environment["MONOLITH_PORT"]))
        process.terminate()
        assert await asyncio.wait_for(reader.read(1), 30) == b""
        writer.close()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("name", ["REVIEW_DATABASE_URL", "MONOLITH_PORT"])
def test_a_missing_value_stops_it_with_the_line_that_names_it(environment, name):
    environment = {key: value for key, value in environment.items() if key != name}
    ended = subprocess.run(
        [sys.executable, "-m", "monolith"], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, f"configuration: {name} is not set\n")
