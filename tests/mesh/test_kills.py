"""Any one process of a service killed: the shop still answers, and the process is back by itself."""

import os
import signal
import time
from collections.abc import Callable

import httpx
import pytest

from .conftest import Mesh

# It takes less than five seconds, but for a machine that has none to spare.
BACK_WITHIN_S = 60.0


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + BACK_WITHIN_S
    while not condition():
        assert time.monotonic() < give_up, "did not happen in time"
        time.sleep(0.02)


def is_ready(mesh: Mesh, name: str) -> bool:
    line = next(line for line in mesh.agora("mesh", "status").stdout.splitlines() if f" {name} " in line)
    return " ready " in line


@pytest.mark.parametrize("name", ["catalog-0", "order-1"])
def test_with_a_replica_killed_no_request_fails(mesh: Mesh, client: httpx.Client, name: str):
    pid = mesh.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    statuses = [client.post("/books/1").status_code for _ in range(20)]
    statuses += [client.get("/books/1").status_code for _ in range(20)]
    assert set(statuses) == {200}
    until(lambda: mesh.pid_of(name) not in (pid, None) and is_ready(mesh, name))


@pytest.mark.parametrize("name", ["account-0", "review-0"])
def test_with_the_only_replica_of_a_tier_killed_the_others_answer(mesh: Mesh, client: httpx.Client, name: str):
    pid = mesh.pid_of(name)
    os.kill(pid, signal.SIGKILL)
    assert client.get("/books/1").status_code == 200
    assert client.post("/books/1").status_code == 200
    until(lambda: mesh.pid_of(name) not in (pid, None) and is_ready(mesh, name))
    until(lambda: set(client.get("/readyz").json()["dependencies"].values()) == {"up"})


def test_a_killed_gateway_is_back(mesh: Mesh):
    os.kill(mesh.pid_of("gateway-0"), signal.SIGKILL)

    def answers() -> bool:
        try:
            return httpx.get(f"{mesh.url}/readyz", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    until(answers)
