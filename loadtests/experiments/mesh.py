"""A mesh of the experiments' own: started in a directory of its own on ports of its own, and stopped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from loadtests.driver.load import Address, Transport
from loadtests.mesh_command import agora_mesh
from localmesh.ports import PortBlock


@dataclass(frozen=True, slots=True)
class MeshWish:
    """What an experiment wants of a mesh."""

    cache: str = "tiered"
    gateways: int = 1
    # As `agora mesh up --replicas` takes them; empty for as many as it makes by itself.
    replicas: str = ""


class Mesh:
    """What `mesh.json` says of a running mesh."""

    def __init__(self, directory: Path) -> None:
        published: dict[str, Any] = json.loads((directory / "mesh.json").read_text())
        self.gateways: list[str] = published["gateways"]
        self.postgres: str = published["postgres"]
        self.redis: str = published["redis"]
        self.operator_token = (directory / "secrets" / "operator-token").read_text().strip()
        self.monolith: str = published["monolith"]
        # By process, the tier it belongs to.
        self.tiers: dict[int, str] = {process["pid"]: process["service"] for process in published["processes"]}
        self.tiers |= {store["pid"]: store["name"] for store in published["stores"]}

    @property
    def gateway(self) -> str:
        return self.gateways[0]

    def address(self, transport: Transport) -> Address:
        if transport == "rest":
            return http_address(self.gateway)
        host, _, port = self.monolith.rpartition(":")
        return Address("socket", host, int(port))


def http_address(url: str) -> Address:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return Address("rest", parts.hostname, parts.port)


class MeshLauncher:
    """Keeps one mesh running, the one that was wished for last. Its data outlives a change of wish.

    `with MeshLauncher(directory) as launcher: mesh = launcher.mesh(MeshWish(cache="off"))`.
    """

    def __init__(self, directory: Path, sample_items: int, variables: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        # Held as long as the launcher lives: another one that starts at the same moment gets others.
        self._ports = PortBlock(directory)
        self._variables = {
            "AGORA_LOCAL_DIR": str(directory),
            "AGORA_HTTP_PORT": str(self._ports.take()),
            "AGORA_SAMPLE_ITEMS": str(sample_items),
            **(variables or {}),
        }
        self._running: MeshWish | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._ports.close()

    def mesh(self, wish: MeshWish) -> Mesh:
        """Raises MeshError when it does not start."""
        if wish != self._running:
            self._stop()
            options = ("--cache", wish.cache, "--gateways", str(wish.gateways), "--replicas", wish.replicas)
            # Noted first: a start that is interrupted has to be stopped, too.
            self._running = wish
            agora_mesh(self._variables, "up", "--detach", *options)
        return Mesh(self._directory)

    def _stop(self) -> None:
        if self._running is not None:
            agora_mesh(self._variables, "down")
            self._running = None

    def kill(self, name: str) -> None:
        """SIGKILL a process; the mesh starts it again after 2 s."""
        agora_mesh(self._variables, "kill", name)
