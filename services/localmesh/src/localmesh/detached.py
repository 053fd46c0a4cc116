"""A mesh that goes on after the command that started it: it reports its start through a pipe, then stands alone."""

import json
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from localmesh.errors import MeshError, StartupError
from localmesh.progress import Progress
from localmesh.state import StateDirectory


class PipeProgress:
    """Writes to the command that waits. It may have been killed meanwhile: the mesh then starts all the same."""

    def __init__(self, pipe: TextIO) -> None:
        self._pipe = pipe

    def stage(self, name: str, done: int, total: int) -> None:
        self._write({"stage": [name, done, total]})

    def ready(self, mesh: dict[str, Any]) -> None:
        self._write({"ready": mesh})
        self._pipe.close()

    def fail(self, error: Exception) -> None:
        self._write({"error": str(error)})

    def _write(self, event: dict[str, Any]) -> None:
        try:
            self._pipe.write(json.dumps(event) + "\n")
            self._pipe.flush()
        except BrokenPipeError:
            pass


def run_detached(run: Callable[[Progress], None], state: StateDirectory, progress: Progress) -> None:
    """Returns once ``run``, in a process of its own, has reported ready; raises its MeshError otherwise."""
    state.prepare()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _stand_alone(state)
        with os.fdopen(writing, "w") as pipe:
            os._exit(_run_reporting(run, PipeProgress(pipe)))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        _relay(pipe, pid, progress)


def _stand_alone(state: StateDirectory) -> None:
    """Out of the terminal's reach: a session of its own, no input, output to a log."""
    os.setsid()
    log = os.open(state.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for target, descriptor in ((0, null), (1, log), (2, log)):
        os.dup2(descriptor, target)


def _run_reporting(run: Callable[[Progress], None], progress: PipeProgress) -> int:
    try:
        run(progress)
    except (MeshError, OSError) as error:
        progress.fail(error)
    except BaseException:
        traceback.print_exc()
    else:
        return 0
    return 1


def _relay(pipe: TextIO, pid: int, progress: Progress) -> None:
    for event in _events(pipe, pid):
        if "error" in event:
            raise StartupError(event["error"])
        if "ready" in event:
            progress.ready(event["ready"])
            return
        progress.stage(*event["stage"])
    raise StartupError("the supervisor ended before the mesh was ready: logs/supervisor.log may say why")


def _events(pipe: TextIO, pid: int) -> Iterator[dict[str, Any]]:
    """Ctrl-C is passed on, and the end of the mesh awaited."""
    while True:
        try:
            yield from map(json.loads, pipe)
        except KeyboardInterrupt:
            os.kill(pid, signal.SIGTERM)
        else:
            return
