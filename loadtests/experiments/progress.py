"""What is running and how long is left, live at a terminal and as lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
    """Every step comes with the seconds it is expected to take, and `expected_s` is their sum."""

    def __init__(self, expected_s: float) -> None:
        console = Console(file=sys.stderr)
        self._is_live = console.is_terminal
        self._began = time.monotonic()
        self._bar = Bar(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.description}"),
            console=console,
            disable=not self._is_live,
            speed_estimate_period=600,
        )
        self._task = self._bar.add_task("", total=expected_s)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    @contextmanager
    def doing(self, what: str, expected_s: float) -> Iterator[None]:
        self._bar.update(self._task, description=what)
        if not self._is_live:
            print(f"{time.monotonic() - self._began:7.1f} s  {what}", file=sys.stderr, flush=True)
        yield
        self._bar.advance(self._task, expected_s)
