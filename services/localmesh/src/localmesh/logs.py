"""The log files of the processes: bounded in size, shown as they grow."""

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

SIZE_LIMIT = 4 * 1024 * 1024
LOOK_EVERY_SECONDS = 0.2


def last_lines(log: Path, count: int = 10) -> str:
    if not log.exists():
        return ""
    with log.open(errors="replace") as lines:
        return "".join(deque(lines, maxlen=count)).rstrip()


def bound(directory: Path) -> None:
    """Puts a log that has grown too long aside. Its writer appends to the same, now empty, file."""
    for log in directory.glob("*.log"):
        if log.stat().st_size > SIZE_LIMIT:
            log.with_suffix(".log.1").write_bytes(log.read_bytes())
            with log.open("r+") as file:
                file.truncate()


class LogReader:
    """Reads what was added to the logs since the last look."""

    def __init__(self, directory: Path, pattern: str = "*") -> None:
        self._directory = directory
        self._pattern = f"{pattern}.log"
        self._positions = {log: log.stat().st_size for log in directory.glob(self._pattern)}

    def new_lines(self) -> Iterator[tuple[str, str]]:
        """Pairs of process name and line."""
        for log in sorted(self._directory.glob(self._pattern)):
            for line in self._added(log).decode(errors="replace").splitlines():
                yield log.stem, line

    def _added(self, log: Path) -> bytes:
        """Whole lines only."""
        position = self._positions.get(log, 0)
        if log.stat().st_size < position:
            position = 0
        with log.open("rb") as file:
            file.seek(position)
            added = file.read()
        added = added[: added.rfind(b"\n") + 1]
        self._positions[log] = position + len(added)
        return added


def follow(reader: LogReader) -> Iterator[tuple[str, str]]:
    while True:
        yield from reader.new_lines()
        time.sleep(LOOK_EVERY_SECONDS)
