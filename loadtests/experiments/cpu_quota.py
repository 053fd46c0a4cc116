"""Less CPU for a process than the machine has, so that two servers on two cores can show what two machines would.

By the kernel's control groups, of which there are two kinds; both want root, or a group that was handed over.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
# Short, so that a process that has used up its share waits for milliseconds.
_PERIOD_US: Final = 10_000


class NoQuota(Exception):
    """This process may not limit the CPU of others; its text says why."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """`controllers` is how lines of /proc/PID/cgroup name it; a group has its quota in the files `quota_of` gives."""

    root: Path
    controllers: str
    is_unified: bool

    def quota_of(self, cores: float) -> dict[str, str]:
        quota_us = round(cores * _PERIOD_US)
        if self.is_unified:
            return {"cpu.max": f"{quota_us} {_PERIOD_US}"}
        return {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota_us)}

    def group_of(self, pid: int) -> Path:
        """Raises NoQuota when the process is gone."""
        try:
            lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError as error:
            raise NoQuota(f"process {pid}: {error.strerror}") from None
        groups = (line.split(":", 2) for line in lines)
        path = next(path for _, controllers, path in groups if controllers == self.controllers)
        return self.root / path.lstrip("/")


def hierarchy(root: Path = _ROOT) -> Hierarchy:
    """Where this machine keeps CPU quotas. Raises NoQuota when it keeps none."""
    for directory, controllers in ((root / "cpu", "cpu"), (root / "cpu,cpuacct", "cpu,cpuacct")):
        if (directory / "cpu.cfs_quota_us").exists():
            return Hierarchy(directory, controllers, is_unified=False)
    with suppress(OSError):
        if "cpu" in (root / "cgroup.subtree_control").read_text().split():
            return Hierarchy(root, "", is_unified=True)
    raise NoQuota("there are no control groups for CPU")


@contextmanager
def limited(pids: Iterable[int], cores: float) -> Iterator[None]:
    """Each process has so much of a core while the block runs, and then again what it had. Raises NoQuota before it."""
    with ExitStack() as stack:
        where = hierarchy()
        for pid in pids:
            _limit(stack, where, pid, cores)
        yield


def _limit(stack: ExitStack, where: Hierarchy, pid: int, cores: float) -> None:
    group = where.root / f"agora-bench-{os.getpid()}-{pid}"
    home = where.group_of(pid)
    try:
        group.mkdir()
        stack.callback(group.rmdir)
        for name, value in where.quota_of(cores).items():
            (group / name).write_text(value)
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise NoQuota(f"{group}: {error.strerror}") from None
    stack.callback(_put_back, home, pid)


def _put_back(home: Path, pid: int) -> None:
    with suppress(ProcessLookupError):  # a process that ended has left its group by itself
        (home / "cgroup.procs").write_text(str(pid))
