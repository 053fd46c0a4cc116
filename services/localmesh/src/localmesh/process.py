"""One process of the mesh that is kept running: started, watched, restarted when it dies, stopped in order."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from subprocess import Popen

from localmesh.errors import MeshError, StartupError
from localmesh.health import Probe
from localmesh.logs import last_lines
from localmesh.pause import Pause

RESTART_AFTER_SECONDS = 2.0
RESTART_AFTER_AT_MOST_SECONDS = 10.0
READY_WITHIN_SECONDS = 120.0
STOPPED_WITHIN_SECONDS = 10.0
ASK_UNREADY_EVERY_SECONDS = 0.1
ASK_READY_EVERY_SECONDS = 1.0


class Tier(Enum):
    """The order of starting, and backwards of stopping."""

    STORE = 1
    SERVICE = 2
    GATEWAY = 3


@dataclass(frozen=True)
class Program:
    """How to start a process and how to tell whether it is ready. ``launch`` is given the descriptor of its log."""

    name: str
    service: str
    tier: Tier
    launch: Callable[[int], Popen[bytes]]
    probe: Probe
    log: Path
    ports: dict[str, int]
    stop_signal: signal.Signals = signal.SIGTERM


class MeshProcess:
    """``on_start`` is called after every start, with the new pid in place."""

    def __init__(self, program: Program, on_start: Callable[[], None]) -> None:
        self.program = program
        self.starts = 0
        self.started_at = 0.0
        self._on_start = on_start
        self._running: Popen[bytes] | None = None
        self._wanted = asyncio.Event()
        self._at_once = asyncio.Event()
        self._ready = asyncio.Event()
        self._exited = asyncio.Event()
        self._lives_never_ready = 0
        self._pause: Pause | None = None

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    @property
    def is_wanted(self) -> bool:
        return self._wanted.is_set()

    async def keep_running(self) -> None:
        while True:
            while not self._wanted.is_set():  # it may be unset again between the waking and the running of this task
                await self._wanted.wait()
            try:
                self._launch()
            except OSError as error:  # a full disk, or no file left to open: the others must go on
                print(f"agora mesh: {self.program.name} could not be started: {error}", file=sys.stderr)
                self._lives_never_ready += 1
                self._exited.set()
            else:
                await self._watch_until_exit()
            if self._wanted.is_set():
                await self._pause_before_restart()

    def reap(self) -> None:
        """Notes the end of the process; to be called when a child of this program has ended."""
        if self._running and self._running.poll() is not None:
            self._running = None
            self._lives_never_ready = 0 if self._ready.is_set() else self._lives_never_ready + 1
            self._ready.clear()
            self._exited.set()
            self._end_pause()

    async def start(self) -> None:
        """Returns once the process is ready; raises StartupError when it ends before."""
        if self._running:
            raise MeshError(f"{self.program.name} is running already")
        self._exited.clear()
        self._wanted.set()
        self._at_once.set()
        await self._wait_until_ready()

    async def stop(self) -> None:
        self._wanted.clear()
        running = self._running
        if not running:
            return
        running.send_signal(self.program.stop_signal)
        running.send_signal(signal.SIGCONT)  # a paused process would sleep through its end
        self._end_pause()
        try:
            await asyncio.wait_for(self._exited.wait(), STOPPED_WITHIN_SECONDS)
        except TimeoutError:
            running.kill()
            await self._exited.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def kill(self, number: signal.Signals, *, stay_down: bool) -> None:
        if stay_down:
            self._wanted.clear()
        if self._running:
            self._running.send_signal(number)
        elif not stay_down:
            raise MeshError(f"{self.program.name} is not running")

    def pause(self) -> None:
        """SIGSTOP, its children included. It is neither restarted nor taken for dead until `resume`."""
        if not self._running:
            raise MeshError(f"{self.program.name} is not running")
        self._end_pause()
        self._pause = Pause.of(self._running.pid)

    def resume(self) -> None:
        """SIGCONT; has no effect on a process that is not paused."""
        if not self._running:
            raise MeshError(f"{self.program.name} is not running")
        self._running.send_signal(signal.SIGCONT)
        self._end_pause()

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.end()
            self._pause = None

    def _launch(self) -> None:
        self._at_once.clear()
        self._exited.clear()
        with self.program.log.open("ab") as log:
            self._running = self.program.launch(log.fileno())
        self.started_at = time.time()
        self.starts += 1
        self._on_start()

    async def _watch_until_exit(self) -> None:
        watch = asyncio.create_task(self._watch_health())
        try:
            await self._exited.wait()
        finally:
            watch.cancel()

    async def _watch_health(self) -> None:
        pid = self.pid
        while pid:
            is_ready = await self._probe(pid)
            if pid != self.pid:
                return
            (self._ready.set if is_ready else self._ready.clear)()
            await asyncio.sleep(ASK_READY_EVERY_SECONDS if is_ready else ASK_UNREADY_EVERY_SECONDS)

    async def _probe(self, pid: int) -> bool:
        """A probe that fails itself must not be the last one."""
        try:
            return await self.program.probe.is_ready(pid)
        except Exception as error:
            print(f"agora mesh: {self.program.name} could not be probed: {error!r}", file=sys.stderr)
            return False

    async def _pause_before_restart(self) -> None:
        """Two seconds; a process that never gets ready is left alone a little longer each time."""
        delay = min(RESTART_AFTER_SECONDS * max(1, self._lives_never_ready), RESTART_AFTER_AT_MOST_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._at_once.wait(), delay)

    async def _wait_until_ready(self) -> None:
        ready, exited = (asyncio.create_task(event.wait()) for event in (self._ready, self._exited))
        try:
            await asyncio.wait({ready, exited}, timeout=READY_WITHIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            exited.cancel()
        if not self._ready.is_set():
            raise StartupError(
                f"{self.program.name} {self._trouble()}. Its last lines:\n{last_lines(self.program.log)}"
            )

    def _trouble(self) -> str:
        return (
            "ended before it was ready" if self._exited.is_set() else f"is not ready after {READY_WITHIN_SECONDS:.0f} s"
        )
