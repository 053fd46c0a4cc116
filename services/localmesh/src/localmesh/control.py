"""How commands talk to the supervisor: one line of JSON each way over a Unix socket in the state directory."""

import asyncio
import json
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from localmesh.errors import MeshError
from localmesh.links import Links
from localmesh.state import StateDirectory
from localmesh.status import describe
from localmesh.supervisor import Supervisor
from localmesh.tcp_proxy import Condition

Answer = Any
Handler = Callable[..., Awaitable[Answer]]


async def serve_control(
    listener: socket.socket, supervisor: Supervisor, links: Links | None, stop: asyncio.Event
) -> None:
    commands = ControlCommands(supervisor, links, stop)
    server = await asyncio.start_unix_server(commands.answer, sock=listener)
    async with server:
        await server.serve_forever()


class ControlCommands:
    def __init__(self, supervisor: Supervisor, links: Links | None, stop: asyncio.Event) -> None:
        self._supervisor = supervisor
        self._links = links
        self._stop = stop
        self._handlers: dict[str, Handler] = {
            "status": self._status,
            "kill": self._kill,
            "pause": self._pause,
            "resume": self._resume,
            "start": self._start,
            "restart": self._restart,
            "links": self._list_links,
            "link": self._set_link,
            "down": self._down,
        }

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline())
        try:
            answer = {"answer": await self._handlers[request.pop("command")](**request)}
        except MeshError as error:
            answer = {"error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _status(self) -> Answer:
        processes = self._supervisor.processes.values()
        return await asyncio.gather(*(asyncio.to_thread(describe, process) for process in processes))

    async def _kill(self, name: str, number: int, stay_down: bool) -> Answer:
        self._supervisor.process(name).kill(signal.Signals(number), stay_down=stay_down)

    async def _pause(self, name: str) -> Answer:
        self._supervisor.process(name).pause()

    async def _resume(self, name: str) -> Answer:
        self._supervisor.process(name).resume()

    async def _start(self, name: str) -> Answer:
        await self._supervisor.process(name).start()

    async def _restart(self, service: str) -> Answer:
        await self._supervisor.restart(service)

    async def _list_links(self) -> Answer:
        return list(self._links or ())

    async def _set_link(self, caller: str, callee: str, condition: dict[str, Any]) -> Answer:
        if self._links is None:
            raise MeshError("the mesh was started without --proxied")
        self._links.set_condition(caller, callee, Condition(**condition))

    async def _down(self) -> Answer:
        self._stop.set()


def ask(state: StateDirectory, command: str, **arguments: Any) -> Answer:
    """Raises MeshError when no mesh runs or when it refuses."""
    with state.connect() as connection:
        connection.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        line = connection.makefile().readline()
    if not line:
        raise MeshError("the mesh stopped before it answered")
    answer = json.loads(line)
    if "error" in answer:
        raise MeshError(answer["error"])
    return answer["answer"]
