"""Ends what a killed supervisor left running in this state directory, and nothing else."""

import signal
import sys

import psutil

from localmesh.state import StateDirectory

ENDED_WITHIN_SECONDS = 10
SAME_START_WITHIN_SECONDS = 1.0


def end_leftovers(state: StateDirectory) -> None:
    leftovers = {name: found for name, known in state.remembered_children().items() if (found := _find(*known))}
    if leftovers:
        print(f"agora mesh: ending what the last mesh left running: {', '.join(leftovers)}", file=sys.stderr)
    for name, process in leftovers.items():
        _end(process, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(leftovers.values(), ENDED_WITHIN_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive)
    state.forget_mesh()


def _find(pid: int, started: float) -> psutil.Process | None:
    """None when the pid belongs to another process by now."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < SAME_START_WITHIN_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None


def _end(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        return
