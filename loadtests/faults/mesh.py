"""A mesh of an experiment's own: started clean, broken on purpose, made whole, stopped."""

import asyncio
import json
import signal
import time
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loadtests.mesh_command import agora_mesh
from localmesh.errors import MeshError
from localmesh.ports import is_free
from localmesh.state import StateDirectory
from localmesh.tcp_proxy import HEALTHY, Condition

Link = tuple[str, str]
"""Names of a caller and its callee."""

_PORTS = range(18_300, 19_900, 20)
_WITHIN_S = 60.0
_ASK_EVERY_S = 0.1


class Mesh:
    """Processes are called as `agora mesh status` calls them: catalog-0, gateway-1, postgres, cache, stream."""

    def __init__(self, directory: Path) -> None:
        self._state = StateDirectory(directory)
        self._published = json.loads((directory / "mesh.json").read_text())
        self.directory = directory
        self.gateways: list[str] = self._published["gateways"]
        self.postgres: str = self._published["postgres"]
        self.cache_url: str = self._published["redis"]
        self.operator_token = (directory / "secrets" / "operator-token").read_text()
        self.replicas: list[str] = [process["name"] for process in self._published["processes"]]
        self.stores: list[str] = [store["name"] for store in self._published["stores"]]

    @property
    def everything(self) -> list[str]:
        return self.replicas + self.stores

    def replicas_of(self, service: str) -> list[str]:
        return [name for name in self.replicas if name.rpartition("-")[0] == service]

    async def status(self) -> dict[str, dict[str, Any]]:
        """By name of the process."""
        return {process["name"]: process for process in await self._ask("status")}

    async def kill(self, name: str, *, stay_down: bool = False) -> None:
        """SIGKILL. The mesh starts the process again after 2 s unless it is to stay down."""
        with suppress(MeshError):  # it is dead already
            await self._ask("kill", name=name, number=signal.SIGKILL, stay_down=stay_down)

    async def start(self, name: str) -> None:
        """A process that was killed to stay down; returns when it is ready."""
        await self._until([name], "stopped")
        await self._ask("start", name=name)

    async def restart(self, service: str) -> None:
        """Replaces the replicas of a service, one after the other."""
        await self._ask("restart", service=service)

    async def pause(self, name: str) -> None:
        """SIGSTOP, its children included."""
        with suppress(MeshError):  # it is dead
            await self._ask("pause", name=name)

    async def resume(self, name: str) -> None:
        with suppress(MeshError):
            await self._ask("resume", name=name)

    async def links(self) -> list[Link]:
        """Return the pairs of caller and callee that have a proxy between them: none unless the mesh is proxied."""
        return [(caller, callee) for caller, callee in await self._ask("links")]

    async def set_link(self, link: Link, condition: Condition) -> None:
        await self._ask("link", caller=link[0], callee=link[1], condition=asdict(condition))

    async def make_whole(self) -> None:
        """Heal all links, and let everything run that was paused or killed; returns when all of it is ready."""
        for link in await self.links():
            await self.set_link(link, HEALTHY)
        for name, process in (await self.status()).items():
            if process["health"] == "paused":
                await self.resume(name)
            if process["health"] == "stopped":
                await self.start(name)
        await self.until_ready(self.everything)

    async def until_paused(self, name: str) -> None:
        await self._until([name], "paused")

    async def until_ready(self, names: Iterable[str]) -> None:
        """Raises TimeoutError when one of them is not."""
        await self._until(names, "ready")

    async def _until(self, names: Iterable[str], health: str) -> None:
        deadline = time.monotonic() + _WITHIN_S
        while lagging := await self._not(health, names):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {health} within {_WITHIN_S:.0f} s: {lagging}")
            await asyncio.sleep(_ASK_EVERY_S)

    async def _not(self, health: str, names: Iterable[str]) -> list[str]:
        status = await self.status()
        return [name for name in names if status[name]["health"] != health]

    async def _ask(self, command: str, **arguments: Any) -> Any:
        """As `localmesh.control.ask`, which waits. To connect changes the working directory, so no thread may do it."""
        reader, writer = await asyncio.open_unix_connection(sock=self._state.connect())
        try:
            writer.write(json.dumps({"command": command, **arguments}).encode() + b"\n")
            line = await reader.readline()
        finally:
            writer.close()
        if not line:
            raise MeshError("the mesh stopped before it answered")
        answer = json.loads(line)
        if "error" in answer:
            raise MeshError(answer["error"])
        return answer["answer"]


@asynccontextmanager
async def running_mesh(
    directory: Path, *, cache: str, replicas: str = "", gateways: int = 1, proxied: bool = False
) -> AsyncIterator[Mesh]:
    """`directory` must not exist yet; it stays, for whoever wants to look at the logs."""
    options = ["--cache", cache, "--replicas", replicas, "--gateways", str(gateways)]
    options += ["--proxied"] if proxied else []
    variables = {
        "AGORA_LOCAL_DIR": str(directory),
        "AGORA_HTTP_PORT": str(_free_port(directory, gateways)),
        "AGORA_SAMPLE_ITEMS": "0",
    }
    starting = asyncio.create_task(asyncio.to_thread(agora_mesh, variables, "up", "--detach", *options))
    try:
        await asyncio.shield(starting)
        yield Mesh(directory)
    finally:
        await asyncio.wait([starting])  # an interrupted start cannot stop what is not there yet
        await asyncio.to_thread(stop_leftover, directory)


def stop_leftover(directory: Path) -> None:
    """Stops the mesh that an experiment left running there when it was killed itself."""
    if StateDirectory(directory).is_claimed():
        agora_mesh({"AGORA_LOCAL_DIR": str(directory)}, "down")


def _free_port(directory: Path, gateways: int) -> int:
    """The search begins where the directory says, so that two meshes that start at once do not choose the same."""
    start = zlib.crc32(bytes(directory)) % len(_PORTS)
    candidates: list[int] = [*_PORTS[start:], *_PORTS[:start]]
    return next(first for first in candidates if all(is_free(first + index) for index in range(gateways)))
