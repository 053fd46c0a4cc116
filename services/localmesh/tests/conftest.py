"""A mesh of stand-ins, driven from outside by its commands, with its own directory and ports."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from localmesh.ports import PortBlock

STANDINS = Path(__file__).parent / "standins"
SOURCES = Path(__file__).parents[1] / "src"


class StandinMesh:
    def __init__(self, directory: Path, http_port: int) -> None:
        self.directory = directory
        self.http_port = http_port
        self.environment = os.environ | {
            "AGORA_LOCAL_DIR": str(directory),
            "AGORA_HTTP_PORT": str(http_port),
            "PYTHONPATH": f"{SOURCES}:{STANDINS}",
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "standin_mesh", *arguments]
        return subprocess.run(
            command, env=self.environment | environment, capture_output=True, text=True, timeout=110, check=False
        )

    def foreground(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "standin_mesh", "up"]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def up(self, *options: str) -> None:
        done = self.run("up", "--detach", *options)
        assert done.returncode == 0, done.stderr

    def eventually(self, condition: Callable[[], Any], within_s: float = 60.0) -> Any:
        deadline = time.monotonic() + within_s
        while not (result := condition()):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)
        return result

    def published(self) -> dict[str, Any]:
        return json.loads((self.directory / "mesh.json").read_text())

    def status(self, name: str) -> dict[str, Any]:
        processes = json.loads(self.run("status", "--json").stdout)
        return next(process for process in processes if process["name"] == name)

    def gateway_environment(self) -> dict[str, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/environment") as answer:
            return json.loads(answer.read())

    def survivors(self) -> list[psutil.Process]:
        """Every process that was started in or for this directory."""
        return [process for process in psutil.process_iter() if self._mentions_directory(process)]

    def _mentions_directory(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            traces = [*process.cmdline(), process.cwd(), process.environ().get("AGORA_LOCAL_DIR", "")]
        except psutil.Error:
            return False
        return any(str(self.directory) in trace for trace in traces)


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[StandinMesh]:
    with PortBlock(tmp_path) as ports:
        mesh = StandinMesh(tmp_path / "local", ports.take())
        yield mesh
        mesh.run("down")
        assert mesh.survivors() == []


@pytest.fixture(scope="module")
def running_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandinMesh]:
    with _running(tmp_path_factory.mktemp("mesh")) as mesh:
        yield mesh


@pytest.fixture(scope="module")
def proxied_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandinMesh]:
    with _running(tmp_path_factory.mktemp("proxied"), "--proxied") as mesh:
        yield mesh


@contextmanager
def _running(directory: Path, *options: str) -> Iterator[StandinMesh]:
    with PortBlock(directory) as ports:
        mesh = StandinMesh(directory / "local", ports.take())
        mesh.up(*options)
        yield mesh
        mesh.run("down")
        assert mesh.survivors() == []
