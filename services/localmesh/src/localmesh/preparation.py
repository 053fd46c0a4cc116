"""What has to happen to the databases before the shop opens: migrations, and the sample data once."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from localmesh.errors import StartupError
from localmesh.launch import ending_with_parent
from localmesh.logs import last_lines
from localmesh.plan import Service, Wish
from localmesh.progress import Progress
from localmesh.replicas import Environments
from localmesh.state import StateDirectory, write_privately

PROGRESS_LINE = re.compile(rb"progress (\d+) (\d+)\s*")


class Preparation:
    def __init__(self, wish: Wish, environments: Environments, state: StateDirectory, progress: Progress) -> None:
        self._blueprint = wish.blueprint
        self._items = wish.sample_items
        self._environments = environments
        self._state = state
        self._progress = progress

    async def run(self) -> None:
        await self._migrate()
        if self._items > self._loaded_items():
            await self._load_sample()
            write_privately(self._state.sample_marker, json.dumps({"items": self._items}))

    async def _migrate(self) -> None:
        owners = [service for service in self._blueprint.services if service.database]
        packages = tuple(dict.fromkeys(service.package for service in owners))
        command = Command(
            (self._blueprint.migrate, *packages),
            self._environments.of_migrations(owners),
            self._state.logs / "migrations.log",
        )
        self._progress.stage("migrations", 0, len(packages))
        await command.run()
        self._progress.stage("migrations", len(packages), len(packages))

    async def _load_sample(self) -> None:
        sellers = await self._sample_command(self._blueprint.sample_sellers).run(
            on_progress=self._stage("sample sellers")
        )
        report = self._stage("sample items")
        report(0, self._items)
        await self._sample_command((*self._blueprint.sample_items, str(self._items))).run(sellers, report)
        report(self._items, self._items)

    def _sample_command(self, arguments: tuple[str, ...]) -> "Command":
        environment = self._environments.of_command(self._owner(arguments[0]))
        return Command(arguments, environment, self._state.logs / "sample.log")

    def _stage(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self._progress.stage(name, done, total)

    def _owner(self, module: str) -> Service:
        package = module.partition(".")[0]
        return next(service for service in self._blueprint.services if service.module == package)

    def _loaded_items(self) -> int:
        marker = self._state.sample_marker
        return int(json.loads(marker.read_text())["items"]) if marker.exists() else 0


class Command:
    """``python -m arguments``. What it says on stderr goes to ``log``, but for lines ``progress DONE TOTAL``."""

    def __init__(self, arguments: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
        self._arguments = arguments
        self._environment = environment
        self._log = log

    async def run(self, given: bytes = b"", on_progress: Callable[[int, int], None] | None = None) -> bytes:
        """Returns its output; raises StartupError when it fails. It does not outlive this call."""
        process = await self._start()
        try:
            output, _, _ = await asyncio.gather(
                _read_output(process), _feed(process, given), self._read_errors(process, on_progress)
            )
            if await process.wait() != 0:
                raise StartupError(f"`python -m {' '.join(self._arguments)}` failed:\n{last_lines(self._log)}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return output

    async def _start(self) -> Process:
        program = ending_with_parent([sys.executable, "-m", *self._arguments])
        return await asyncio.create_subprocess_exec(
            *program, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environment, start_new_session=True
        )

    async def _read_errors(self, process: Process, on_progress: Callable[[int, int], None] | None) -> None:
        assert process.stderr is not None
        with self._log.open("ab", buffering=0) as log:
            async for line in process.stderr:
                if on_progress and (match := PROGRESS_LINE.fullmatch(line)):
                    on_progress(int(match[1]), int(match[2]))
                else:
                    log.write(line)


async def _read_output(process: Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.read()


async def _feed(process: Process, given: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(given)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended without reading: its exit code says whether that is an error
