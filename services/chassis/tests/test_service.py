"""A whole service as a process: start, readiness, metrics, and an orderly end."""

import asyncio
import json
import signal
import socket
from pathlib import Path

import httpx
import pytest
from grpc_health.v1 import health_pb2

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def log_of(toy) -> list[dict[str, object]]:
    return [json.loads(line) for line in toy.output.read_text().splitlines() if line.startswith("{")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_taking_calls_finishes_those_begun_and_ends_with_zero(start_toy, sayer, number):
    toy = await start_toy()
    await toy.reaches(SERVING)
    call = asyncio.ensure_future(sayer(toy.target)("work"))
    await toy.says("working")

    async with toy.watched() as reaches:
        await reaches(SERVING)
        toy.process.send_signal(number)
        await reaches(NOT_SERVING)
    assert not call.done()
    toy.process.send_signal(signal.SIGUSR1)

    assert await call == "work"
    assert await toy.ended() == 0
    assert "closed" in toy.output.read_text().splitlines()
    *life, of_the_call = log_of(toy)
    assert [entry["message"] for entry in life] == ["listening", "ready", "stopping"]
    assert (of_the_call["rpc_method"], of_the_call["status"]) == ("chassis.test.Echo/Say", "OK")


async def test_an_idle_service_with_watching_clients_ends_long_before_its_drain_is_over(start_toy, sayer):
    toy = await start_toy()
    await toy.reaches(SERVING)
    await sayer(toy.target)("this channel stays open and watches")

    toy.process.terminate()

    assert await toy.ended() == 0


async def test_a_service_is_not_ready_without_its_dependency_and_is_once_it_comes(start_toy, tmp_path: Path):
    ready = tmp_path / "ready"
    toy = await start_toy(READY_FILE=str(ready))
    await toy.reaches(NOT_SERVING)

    ready.touch()
    await toy.reaches(SERVING)
    ready.unlink()
    await toy.reaches(NOT_SERVING)

    assert toy.process.returncode is None


async def test_metrics_are_served_on_a_port_of_their_own(start_toy, sayer):
    toy = await start_toy()
    await toy.reaches(SERVING)
    await sayer(toy.target)("hello")

    async with httpx.AsyncClient(timeout=30.0) as client:
        answer = await client.get(f"http://127.0.0.1:{toy.metrics_port}/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    labels = '{rpc_method="chassis.test.Echo/Say",rpc_response_status_code="OK"}'
    assert f"rpc_server_call_duration_seconds_count{labels} 1.0" in answer.text.splitlines()


@pytest.mark.parametrize("name", ["GRPC_PORT", "METRICS_PORT", "DATABASE_URL"])
async def test_a_missing_setting_ends_the_process_with_two_and_one_line(start_toy, name: str):
    toy = await start_toy(**{name: None})

    assert await toy.ended() == 2
    assert toy.output.read_text() == f"configuration: {name} is not set\n"


@pytest.mark.parametrize("name", ["GRPC_PORT", "METRICS_PORT"])
async def test_a_taken_port_ends_the_process_with_two_and_one_line_that_names_it(start_toy, name: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        toy = await start_toy(**{name: str(taken.getsockname()[1])})

        assert await toy.ended() == 2
    [line] = [line for line in toy.output.read_text().splitlines() if line.startswith("toy: ")]
    assert line == f"toy: {name}: cannot listen on {address}, is it taken?"
    assert "Traceback" not in toy.output.read_text()


async def test_a_background_task_that_fails_ends_no_process(start_toy, sayer):
    toy = await start_toy()
    await toy.reaches(SERVING)
    say = sayer(toy.target)

    for failed in (1, 2):
        await say("crash")
        async with asyncio.timeout(60):
            while len(crashes := [entry for entry in log_of(toy) if entry["level"] == "ERROR"]) < failed:
                await asyncio.sleep(0.01)

    assert all("the background work failed" in str(entry["exception"]) for entry in crashes)
    assert await say("still here") == "still here"
    toy.process.terminate()
    assert await toy.ended() == 0
