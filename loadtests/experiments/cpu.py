"""The CPU time of a mesh by tier: it says what an operation costs however busy the machine is."""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress

import psutil

CpuSeconds = dict[str, float]


def cpu_seconds(tiers: Mapping[int, str]) -> CpuSeconds:
    """What the processes have used so far, by tier. PostgreSQL's backends count for it, those that ended too."""
    seconds = dict.fromkeys(tiers.values(), 0.0)
    for pid, tier in tiers.items():
        for process in _family(pid, tier):
            with suppress(psutil.NoSuchProcess):
                seconds[tier] += _seconds_of(process)
    return seconds


def cpu_ms_per_operation(before: CpuSeconds, after: CpuSeconds, operations: int) -> dict[str, float]:
    """A tier whose process was killed meanwhile took its time with it, and counts as nothing."""
    spent = {tier: max(0.0, after[tier] - before[tier]) * 1000 / operations for tier in after}
    return spent | {"total": sum(spent.values())}


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    own = times.user + times.system
    if sys.platform == "linux":
        with suppress(OSError):
            # The clock of a process, as clock_getcpuclockid(3) names it. The times above are whole hundredths, which
            # is much of what a tier uses in half a second.
            own = time.clock_gettime((~process.pid << 3) | 2)
    # A backend that ends leaves its time to its parent, under the times of children.
    return own + times.children_user + times.children_system


def _family(pid: int, tier: str) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children()] if tier == "postgres" else [process]
    return []
