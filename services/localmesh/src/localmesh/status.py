"""What can be said of a running process: health, age, restarts, CPU time, memory, ports."""

import time
from typing import Any

import psutil

from localmesh.process import MeshProcess

NO_USAGE = {"cpu_seconds": None, "rss_bytes": None}


def describe(process: MeshProcess) -> dict[str, Any]:
    program = process.program
    return {
        "name": program.name,
        "service": program.service,
        "pid": process.pid,
        "health": _health(process),
        "uptime_seconds": round(time.time() - process.started_at, 1) if process.pid else None,
        "restarts": max(0, process.starts - 1),
        "ports": program.ports,
        **(_usage(process.pid) if process.pid else NO_USAGE),
    }


def _health(process: MeshProcess) -> str:
    if process.pid is None:
        return "restarting" if process.is_wanted else "stopped"
    if psutil.Process(process.pid).status() == psutil.STATUS_STOPPED:
        return "paused"
    return "ready" if process.is_ready else "not ready"


def _usage(pid: int) -> dict[str, Any]:
    """PostgreSQL works in child processes, so their CPU time counts; their memory is mostly shared, so it does not."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return {"cpu_seconds": round(sum(map(_cpu_seconds, family)), 2), "rss_bytes": process.memory_info().rss}
    except psutil.Error:  # it has just ended, and is still to be reaped
        return NO_USAGE


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system + times.children_user + times.children_system
