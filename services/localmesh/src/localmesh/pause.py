"""SIGSTOP and SIGCONT of a process and its children: PostgreSQL answers from processes of its own."""

from contextlib import suppress
from typing import Self

import psutil


class Pause:
    """Members of a stopped process family. They are remembered, since children outlive a parent that is killed."""

    def __init__(self, members: list[psutil.Process]) -> None:
        self._members = members

    @classmethod
    def of(cls, pid: int) -> Self:
        """Stop the process first, so that it starts no further children, then its children."""
        process = psutil.Process(pid)
        process.suspend()
        children = process.children(recursive=True)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.suspend()
        return cls([*children, process])

    def end(self) -> None:
        for member in self._members:
            with suppress(psutil.NoSuchProcess):
                member.resume()
