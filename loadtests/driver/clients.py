"""Clients of both kinds: those that wait for each answer, and arrivals that wait for nobody."""

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from loadtests.driver.connections import Answer, Connection
from loadtests.driver.load import TIERS_READ_EVERY, UNIQUE, Load, Outcome, Script, Step

_TICK_S: Final = 0.001
# What one process sends is told from what every other one ever sent.
_PROCESS: Final = secrets.token_hex(4).encode()
_numbers = itertools.count()


class Ledger:
    """Notes every answer of a load."""

    def __init__(self) -> None:
        self.outcome = Outcome()

    def note(self, step: Step, answer: Answer, since: float) -> None:
        outcome = self.outcome
        outcome.latencies.append(time.monotonic() - since)
        if answer.refusal:
            outcome.errors[answer.refusal] += 1
        elif step.mark not in answer.body:
            outcome.errors[f"an answer without {step.mark!r}"] += 1
        if answer.timing and len(outcome.latencies) % TIERS_READ_EVERY == 0:
            self._note_tiers(answer.timing)

    def _note_tiers(self, timing: bytes) -> None:
        sums = self.outcome.tier_ms
        self.outcome.tiers_read += 1
        for tier, milliseconds in tiers_of(timing.decode()).items():
            sums[tier] = sums.get(tier, 0.0) + milliseconds


class ClosedClient:
    """Sends its next request as soon as the last is answered."""

    def __init__(self, connection: Connection, script: Script, ledger: Ledger) -> None:
        self._connection = connection
        self._steps = itertools.cycle(script)
        self._ledger = ledger
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection.on_answer = self._answered

    async def run(self, operations: int, until: float) -> None:
        self._left = operations
        self._until = until
        self._send()
        await self._done

    def _send(self) -> None:
        self._step = next(self._steps)
        self._left -= 1
        self._since = time.monotonic()
        self._connection.send(_unique(self._step.request))

    def _answered(self, answer: Answer) -> None:
        self._ledger.note(self._step, answer, self._since)
        if self._left and time.monotonic() < self._until and answer.refusal != "connection lost":
            self._send()
        elif not self._done.done():
            self._done.set_result(None)


class OpenArrivals:
    """Requests that arrive at a fixed rate; each takes a free connection, or waits for one, and its waiting counts."""

    def __init__(self, connections: list[Connection], scripts: tuple[Script, ...], ledger: Ledger) -> None:
        self._free = deque(connections)
        self._steps: Iterator[Step] = itertools.cycle(step for steps in zip(*scripts, strict=True) for step in steps)
        self._ledger = ledger
        self._waiting: deque[float] = deque()
        self._busy = 0

    async def run(self, arrivals_per_s: float, arrivals: int) -> None:
        began = time.monotonic()
        arrived = 0
        while arrived < arrivals or self._busy or self._waiting:
            due = min(arrivals, int((time.monotonic() - began) * arrivals_per_s) + 1)
            while arrived < due:
                self._waiting.append(began + arrived / arrivals_per_s)
                arrived += 1
            self._serve()
            await asyncio.sleep(_TICK_S)

    def _serve(self) -> None:
        while self._waiting and self._free:
            self._send(self._free.popleft(), next(self._steps), self._waiting.popleft())

    def _send(self, connection: Connection, step: Step, since: float) -> None:
        def answered(answer: Answer) -> None:
            self._ledger.note(step, answer, since)
            self._busy -= 1
            if answer.refusal != "connection lost":
                self._free.append(connection)
            self._serve()

        self._busy += 1
        connection.on_answer = answered
        connection.send(_unique(step.request))


async def run_load(load: Load, connections: list[Connection]) -> Outcome:
    ledger = Ledger()
    if load.arrivals_per_s is not None:
        arrivals = int(load.seconds * load.arrivals_per_s)
        await OpenArrivals(connections, load.scripts, ledger).run(load.arrivals_per_s, arrivals)
    else:
        pairs = zip(connections, load.scripts, strict=True)
        clients = [ClosedClient(connection, script, ledger) for connection, script in pairs]
        until = time.monotonic() + load.seconds
        await asyncio.gather(*(client.run(load.operations, until) for client in clients))
    ledger.outcome.ended = time.monotonic()
    return ledger.outcome


def tiers_of(timing: str) -> dict[str, float]:
    """What a `server-timing` header says: milliseconds by tier."""
    entries = (entry.strip().partition(";dur=") for entry in timing.split(","))
    return {tier: float(milliseconds) for tier, _, milliseconds in entries}


def _unique(request: bytes) -> bytes:
    return request.replace(UNIQUE, _PROCESS + b"%08x" % next(_numbers), 1)
