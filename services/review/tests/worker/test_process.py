"""The worker as a process of its own."""

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import pytest


@pytest.fixture
def environment(ports, dsn, redis_url, stream_url):
    return os.environ | {
        "DATABASE_URL": dsn,
        "REDIS_URL": redis_url,
        "STREAM_URL": stream_url,
        "INSTANCE_NAME": "review-worker-0",
        "LISTEN_HOST": "127.0.0.1",
        "METRICS_PORT": str(ports.take()),
    }


@asynccontextmanager
async def running(environment):
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "review.worker", env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answer_of(environment, path, accept=bool):
    """The first acceptable answer of the worker's port."""
    url = f"http://127.0.0.1:{environment['METRICS_PORT']}{path}"
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
        while True:
            try:
                answer = await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.01)
                continue
            if accept(answer):
                return answer


async def test_it_gets_ready_counts_tells_and_drains_on_sigterm(environment, ballot):
    await ballot.cast()
    await ballot.append(vote=b"\xff")
    async with running(environment) as process:
        await answer_of(environment, "/readyz", lambda answer: answer.status_code == 200)
        assert (await answer_of(environment, "/healthz")).status_code == 200
        assert (await answer_of(environment, "/elsewhere")).status_code == 404
        told = await answer_of(environment, "/metrics", lambda answer: "agora_votes_parked 1.0" in answer.text)
        for line in ("agora_votes_counted_total 1.0", "agora_votes_appended 2.0", "agora_votes_backlog 0.0"):
            assert line in told.text
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_it_is_not_ready_while_the_stream_is_away_and_names_it(environment):
    async with running(environment | {"STREAM_URL": "redis://127.0.0.1:1/0"}):
        checked = 'agora_dependency_up{dependency="stream"} 0.0'
        await answer_of(environment, "/metrics", lambda answer: checked in answer.text)
        assert (await answer_of(environment, "/readyz")).status_code == 503


async def test_worker_goes_on_after_an_unexpected_error(environment, ballot, connection):
    await connection.execute("CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'odd'; END$$")
    await connection.execute("CREATE TRIGGER broken BEFORE INSERT ON counted_votes EXECUTE FUNCTION broken()")
    await ballot.cast()
    failure = 'agora_background_failures_total{reason="UNEXPECTED",task="review-worker"} '
    async with running(environment) as process:
        await answer_of(
            environment, "/metrics", lambda answer: failure in answer.text and f"{failure}0.0" not in answer.text
        )
        await connection.execute("DROP TRIGGER broken ON counted_votes")
        await answer_of(environment, "/metrics", lambda answer: "agora_votes_counted_total 1.0" in answer.text)
        assert process.returncode is None


async def test_killed_whenever_it_has_just_counted_it_counts_every_vote_once(environment, ballot, connection):
    """Three times between the commit and the acknowledgement, or as near as a kill from outside comes."""

    async def counted():
        return await connection.fetchval("SELECT coalesce(sum(likes + dislikes), 0) FROM like_counts")

    async with asyncio.timeout(100):
        for life in range(3):
            for number in range(500):
                await ballot.cast(str(number % 10), 1 + number % 2)
            async with running(environment):
                while await counted() <= life * 500:
                    await asyncio.sleep(0)
        for number in range(500):
            await ballot.cast(str(number % 10), 1 + number % 2)
        async with running(environment):
            await answer_of(environment, "/metrics", lambda answer: "agora_votes_appended 2000.0" in answer.text)
            await answer_of(environment, "/metrics", lambda answer: "agora_votes_backlog 0.0" in answer.text)
    rows = await connection.fetch("SELECT likes, dislikes FROM like_counts ORDER BY album_id")
    assert [tuple(row) for row in rows] == [(200, 0), (0, 200)] * 5


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "STREAM_URL", "METRICS_PORT"])
def test_a_missing_value_stops_it_with_the_line_that_names_it(environment, name):
    environment = {key: value for key, value in environment.items() if key != name}
    ended = subprocess.run(
        [sys.executable, "-m", "review.worker"], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, f"configuration: {name} is not set\n")
