"""What can be said of a running process: health, age, restarts, CPU time, memory, ports, what waits for it."""

import re
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

import psutil

from localmesh.plan import VOTE_WORKER
from localmesh.ports import HOST
from localmesh.process import MeshProcess

ANSWER_WITHIN_SECONDS = 0.5
BACKLOG = re.compile(r"^agora_votes_backlog (\S+)$", re.MULTILINE)
NO_USAGE = {"cpu_seconds": None, "rss_bytes": None}


def describe(process: MeshProcess) -> dict[str, Any]:
    """Called from a thread, so the process may end and be reaped at any moment: its pid is read once."""
    program, pid = process.program, process.pid
    return {
        "name": program.name,
        "service": program.service,
        "pid": pid,
        "health": _health(process, pid),
        "uptime_seconds": round(time.time() - process.started_at, 1) if pid else None,
        "restarts": max(0, process.starts - 1),
        "ports": program.ports,
        "lag": _votes_waiting(program.ports["metrics"]) if program.service == VOTE_WORKER and pid else None,
        **(_usage(pid) if pid else NO_USAGE),
    }


def _health(process: MeshProcess, pid: int | None) -> str:
    status = _status_of(pid) if pid else None
    if status is None:
        return "restarting" if process.is_wanted else "stopped"
    if status == psutil.STATUS_STOPPED:
        return "paused"
    return "ready" if process.is_ready else "not ready"


def _status_of(pid: int) -> str | None:
    """None for a process that has just ended, and is still to be reaped."""
    try:
        return psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return None


def _votes_waiting(port: int) -> int | None:
    """As the worker itself tells it: the votes in the stream that are not counted yet."""
    connection = HTTPConnection(HOST, port, timeout=ANSWER_WITHIN_SECONDS)
    try:
        connection.request("GET", "/metrics")
        told = BACKLOG.search(connection.getresponse().read().decode())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    return int(float(told[1])) if told else None


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
