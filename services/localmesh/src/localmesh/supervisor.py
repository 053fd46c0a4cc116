"""The processes of a mesh together: started, restarted and stopped by name or by service."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from localmesh.errors import MeshError
from localmesh.process import MeshProcess, Program, Tier

# A caller that found a replica gone tries it again within a second: until then it may know no other than the next one.
RECONNECTED_AFTER_SECONDS = 1.5


class Supervisor:
    """``on_change`` is called whenever a process has got a new pid."""

    def __init__(self, tasks: asyncio.TaskGroup, on_change: Callable[[], None]) -> None:
        self._tasks = tasks
        self._on_change = on_change
        self._keepers: list[asyncio.Task[None]] = []
        self.processes: dict[str, MeshProcess] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    async def start(self, programs: Iterable[Program], on_ready: Callable[[], None]) -> None:
        """Starts all at once; returns when every one is ready, raises StartupError as soon as one ends before."""
        async with asyncio.TaskGroup() as starts:
            for program in programs:
                starts.create_task(self._start(program, on_ready))

    async def restart(self, service: str) -> None:
        """One replica after the other, so that the others serve meanwhile."""
        replicas = [process for process in self.processes.values() if process.program.service == service]
        if not replicas:
            raise MeshError(f"no service {service!r}: {', '.join(sorted(self._services()))}")
        for process in replicas:
            await process.restart()
            if process is not replicas[-1]:
                await asyncio.sleep(RECONNECTED_AFTER_SECONDS)

    def process(self, name: str) -> MeshProcess:
        if name not in self.processes:
            raise MeshError(f"no process {name!r}: {', '.join(sorted(self.processes))}")
        return self.processes[name]

    def children(self) -> dict[str, tuple[int, float]]:
        """Name, pid and start time, which together are never reused by the system."""
        found = {}
        for name, process in self.processes.items():
            with suppress(psutil.NoSuchProcess):
                if process.pid:
                    found[name] = (process.pid, psutil.Process(process.pid).create_time())
        return found

    async def stop(self) -> None:
        """Whoever calls stops before who is called."""
        for tier in reversed(Tier):
            await asyncio.gather(
                *(process.stop() for process in self.processes.values() if process.program.tier is tier)
            )
        for keeper in self._keepers:
            keeper.cancel()

    async def _start(self, program: Program, on_ready: Callable[[], None]) -> None:
        process = self.processes[program.name] = MeshProcess(program, self._on_change)
        self._keepers.append(self._tasks.create_task(process.keep_running()))
        await process.start()
        on_ready()

    def _services(self) -> set[str]:
        return {process.program.service for process in self.processes.values()}

    def _reap(self) -> None:
        for process in self.processes.values():
            process.reap()
