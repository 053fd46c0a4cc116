"""A whole mesh, started by the command that users type, for the tests that look at it from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import pytest

from localmesh.ports import PortBlock

AGORA = Path(sys.executable).with_name("agora")


@dataclass(frozen=True)
class Mesh:
    """A running mesh: its address, its state directory, and the command line that goes with it."""

    url: str
    directory: Path
    environment: dict[str, str]
    # What `agora mesh up` printed.
    banner: str = ""

    @property
    def description(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.directory / "mesh.json").read_text())
        return document

    @property
    def operator_token(self) -> str:
        return (self.directory / "secrets" / "operator-token").read_text().strip()

    def pid_of(self, name: str) -> int:
        return next(process["pid"] for process in self.description["processes"] if process["name"] == name)

    def agora(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [AGORA, *arguments],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    client: httpx.Client
    account_id: str
    username: str
    token: str


@contextmanager
def running_mesh(*options: str, **variables: str) -> Iterator[Mesh]:
    """A mesh in a directory of its own on ports of its own, started with these options and variables."""
    with TemporaryDirectory(prefix="agora-mesh-") as directory, PortBlock(Path(directory)) as ports:
        port = ports.take()
        environment = os.environ | {
            "AGORA_LOCAL_DIR": directory,
            "AGORA_HTTP_PORT": str(port),
            "AGORA_SAMPLE_ITEMS": "2000",
            "AGORA_URL": f"http://127.0.0.1:{port}",
            "XDG_STATE_HOME": f"{directory}/state",
            **variables,
        }
        running = Mesh(environment["AGORA_URL"], Path(directory), environment)
        try:
            started = running.agora("mesh", "up", "--detach", *options)
            assert started.returncode == 0, started.stdout + started.stderr
            yield replace(running, banner=started.stdout)
        finally:
            running.agora("mesh", "down")


@pytest.fixture(scope="session")
def mesh() -> Iterator[Mesh]:
    with running_mesh() as running:
        yield running


@pytest.fixture
def client(mesh: Mesh) -> Iterator[httpx.Client]:
    """Nobody in particular."""
    with httpx.Client(base_url=mesh.url, timeout=60) as anonymous:
        yield anonymous


@pytest.fixture
def sign_in(mesh: Mesh) -> Iterator[Callable[..., Person]]:
    """`sign_in("buyer")` makes an account and signs in; with a `username`, only the latter."""
    clients: list[httpx.Client] = []

    def person(role: str, username: str = "") -> Person:
        new = httpx.Client(base_url=mesh.url, timeout=60)
        clients.append(new)
        name = username or f"{role}-{uuid4().hex[:12]}"
        credentials = {"username": name, "password": "correct horse"}
        if not username:
            assert new.post("/v1/accounts", json=credentials | {"role": role}).status_code == 201
        session = new.post("/v1/sessions", json=credentials).json()
        new.headers["authorization"] = f"Bearer {session['token']}"
        return Person(new, session["account_id"], name, session["token"])

    yield person
    for open_client in clients:
        open_client.close()
