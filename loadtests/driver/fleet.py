"""Drivers as processes of their own: all connect, all wait at the barrier, all begin at once."""

import itertools
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Self

import uvloop

from loadtests.driver.clients import run_load
from loadtests.driver.connections import connect
from loadtests.driver.load import Load, Outcome, merged


class Fleet:
    """`with Fleet(processes) as fleet: fleet.run(load)`."""

    def __init__(self, processes: int) -> None:
        self._size = processes
        self._pipes: list[Pipe] = []
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        spawn = multiprocessing.get_context("spawn")
        for _ in range(self._size):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_drive, args=(theirs,), daemon=True)
            with _sigint_ignored():
                process.start()
            theirs.close()
            self._pipes.append(ours)
            self._cleanup.callback(process.join, 5)
            self._cleanup.callback(ours.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def run(self, load: Load) -> Outcome:
        """Raises what a driver raised when it could not even connect."""
        shares = _shares(load, self._size)
        pipes = self._pipes[: len(shares)]
        for pipe, share in zip(pipes, shares, strict=True):
            pipe.send(share)
        for pipe in pipes:
            _answer(pipe)
        for pipe in pipes:
            pipe.send(None)
        return merged([_answer(pipe) for pipe in pipes])


@contextmanager
def _sigint_ignored() -> Iterator[None]:
    """A process started meanwhile ignores Ctrl-C from its first instruction on: its parent ends it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _shares(load: Load, processes: int) -> list[Load]:
    """The clients dealt out to the processes, none of which is left without."""
    hands = [scripts for index in range(processes) if (scripts := load.scripts[index::processes])]
    rate = load.arrivals_per_s
    clients = len(load.scripts)
    return [
        replace(load, scripts=hand, arrivals_per_s=None if rate is None else rate * len(hand) / clients)
        for hand in hands
    ]


def _answer(pipe: Pipe) -> Outcome:
    answer = pipe.recv()
    if isinstance(answer, Exception):
        raise answer
    assert isinstance(answer, Outcome)
    return answer


def _drive(pipe: Pipe) -> None:
    """A driver's life: a load, ready, go, an outcome, and again until nobody is there."""
    with suppress(EOFError, BrokenPipeError):
        while True:
            load: Load = pipe.recv()
            try:
                uvloop.run(_perform(load, pipe))
            except (OSError, TimeoutError) as error:
                pipe.send(error)


async def _perform(load: Load, pipe: Pipe) -> None:
    addresses = itertools.cycle((load.address, *load.others))
    connections = [await connect(address) for address, _ in zip(addresses, load.scripts, strict=False)]
    try:
        pipe.send(Outcome())
        pipe.recv()
        cpu = time.process_time()
        outcome = await run_load(load, connections)
        outcome.cpu_seconds = time.process_time() - cpu
        pipe.send(outcome)
    finally:
        for connection in connections:
            connection.close()
