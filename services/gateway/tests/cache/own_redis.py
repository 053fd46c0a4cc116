"""A Valkey of the test's own, which it may pause, kill and start again."""

import asyncio
import contextlib
import signal
from pathlib import Path
from subprocess import Popen

from redis.asyncio import Redis

from chassis.redis import connect
from localmesh.valkey import CACHE_RULES, Valkey


class OwnRedis:
    def __init__(self, directory: Path, port: int) -> None:
        self._server = Valkey(directory / "valkey", port, "secret", CACHE_RULES)
        self._server.prepare()
        self._log = directory / "valkey.log"
        self._process: Popen[bytes] | None = None
        self.url = self._server.url

    def client(self, name: str) -> "Redis":
        return connect(self.url, name=name)

    async def start(self) -> None:
        with self._log.open("ab") as log:
            process = self._process = self._server.launch(log.fileno())
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(self._server.is_ready, process.pid):
                assert process.poll() is None, self._log.read_text()

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def connections(self, name: str) -> list[dict[str, str]]:
        """Those of the client of that name, without the one that asks."""
        async with self.client("asker") as asker:
            return [client for client in await asker.client_list() if client["name"] == name]

    async def kill_connection(self, connection: dict[str, str]) -> None:
        async with self.client("killer") as killer:
            with contextlib.suppress(ConnectionError):
                await killer.client_kill_filter(_id=connection["id"])
