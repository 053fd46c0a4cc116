"""What a person sees of the mesh: progress of the start, the addresses, the table of processes."""

import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from localmesh.errors import MeshError
from localmesh.logs import LogReader, follow, last_lines
from localmesh.state import StateDirectory

COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


# Wider than any table: nothing that reads a pipe wants truncated columns.
_PIPE_WIDTH = 1_000


def open_console() -> Console:
    """A console for tables: as wide as the terminal, and without truncation when there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


class ConsoleProgress:
    """Bars on a terminal; elsewhere one line for each finished stage."""

    def __init__(self, state: StateDirectory, *, show_logs: bool) -> None:
        self._state = state
        self._show_logs = show_logs
        self._console = Console(highlight=False)
        self._began = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._finished: set[str] = set()
        self._bars = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def stage(self, name: str, done: int, total: int) -> None:
        self._bars.start()
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)
        if done == total and name not in self._finished:
            self._finished.add(name)
            self._tell_finished(f"{name}: {total} of {total}")

    def ready(self, mesh: dict[str, Any]) -> None:
        self._bars.stop()
        self._console.print(_summary(mesh, self._state, time.monotonic() - self._began), soft_wrap=True)
        if self._show_logs:
            print_logs = threading.Thread(target=stream_logs, args=(self._state, "*"), daemon=True)
            print_logs.start()

    def _tell_finished(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line)

    def close(self) -> None:
        self._bars.stop()


def print_last_lines(state: StateDirectory, pattern: str) -> None:
    logs = sorted(state.logs.glob(f"{pattern}.log"))
    if not logs:
        raise MeshError(f"no log of {pattern!r} in {state.logs}")
    console = Console(highlight=False, markup=False)
    for log in logs:
        console.print(log.stem, style="bold")
        console.print(last_lines(log), soft_wrap=True)


def stream_logs(state: StateDirectory, pattern: str) -> None:
    console = Console(highlight=False, markup=False)
    colours: dict[str, str] = {}
    for name, line in follow(LogReader(state.logs, pattern)):
        colour = colours.setdefault(name, COLOURS[len(colours) % len(COLOURS)])
        console.print(f"{name:<12}", style=colour, end=" ")
        console.print(line, soft_wrap=True)


def print_status(processes: list[dict[str, Any]]) -> None:
    table = Table("name", "pid", "health", "uptime", "restarts", "CPU", "RSS", "ports", box=None)
    for process in processes:
        table.add_row(*_row(process))
    console = open_console()
    console.print(table)
    # Every worker tells of the one stream.
    lags = [process["lag"] for process in processes if process["lag"] is not None]
    if lags:
        console.print(f"\n{max(lags)} votes wait to be counted")


def _row(process: dict[str, Any]) -> tuple[str, ...]:
    def shown(key: str, form: str, unit: float = 1) -> str:
        return "-" if process[key] is None else form.format(process[key] / unit)

    return (
        process["name"],
        shown("pid", "{:.0f}"),
        process["health"],
        shown("uptime_seconds", "{:.0f} s"),
        shown("restarts", "{:.0f}"),
        shown("cpu_seconds", "{:.1f} s"),
        shown("rss_bytes", "{:.0f} MiB", 2**20),
        " ".join(f"{name}:{port}" for name, port in process["ports"].items()),
    )


def _summary(mesh: dict[str, Any], state: StateDirectory, seconds: float) -> str:
    address = urlsplit(mesh["postgres"])
    prometheus = f"\n  Prometheus  {mesh['prometheus']}" if mesh["prometheus"] else ""
    agora = _agora(state)
    return f"""
The mesh is ready after {seconds:.1f} s.

  shop        {mesh["gateway"]}
  API pages   {mesh["gateway"]}/docs
  PostgreSQL  {address.hostname}:{address.port}, user postgres, password in {state.secrets / "postgres"}{prometheus}
  logs        {state.logs}

Try:
  {agora} search --topic "distributed systems"
  {agora} buy 1
  {agora} mesh top
  {agora} mesh down
"""


def _agora(state: StateDirectory) -> str:
    """The command as it is typed in the current directory (test_commands_of_the_banner_run_as_printed)."""
    program = Path(sys.executable).with_name("agora")
    name = "agora" if shutil.which("agora") == str(program) else _path_from_here(program)
    # The commands find the mesh of the current directory by themselves.
    is_here = state.path == Path(".local").absolute()
    return name if is_here else f"AGORA_LOCAL_DIR={state.path} {name}"


def _path_from_here(program: Path) -> str:
    relative = os.path.relpath(program)
    return str(program) if relative.startswith("..") else relative
