"""What a review worker tells of the stream of votes while it is watched, and the rates that follow from that."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from statistics import fmean
from types import TracebackType
from typing import Final, NamedTuple, Self

import httpx
import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families

from loadtests.experiments.mesh import Mesh

_WORKER: Final = "review-worker"
# The worker looks at the stream once a second. Asked as often, it would tell some looks twice and others not at all.
_LOOK_EVERY_S: Final = 0.1
_ANSWERS_WITHIN_S: Final = 10.0
# A look is not on the dot, so a rate of one second would wobble.
_SMOOTH: Final = 5


class Reading(NamedTuple):
    """Votes that were ever appended and counted, those that wait, and the age of the oldest of them."""

    at: float
    appended: float
    counted: float
    waiting: float
    oldest_s: float

    @property
    def look(self) -> tuple[float, ...]:
        """What the worker saw of the stream; it counts all the time, and looks once a second."""
        return self.appended, self.waiting, self.oldest_s


class Period(NamedTuple):
    """From second to second of a watch: votes per second, and what waited at its readings."""

    begin_s: float
    end_s: float
    produced_per_s: float
    consumed_per_s: float
    mean_waiting: float
    most_waiting: float
    oldest_s: float


class VoteWorker:
    """The metrics of the one worker of a mesh."""

    def __init__(self, mesh: Mesh) -> None:
        self._http = httpx.Client(base_url=_metrics_url(mesh), timeout=_ANSWERS_WITHIN_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def read(self) -> Reading:
        response = self._http.get("/metrics")
        response.raise_for_status()
        values = {
            sample.name: sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        }
        return Reading(
            at=time.monotonic(),
            appended=values["agora_votes_appended"],
            counted=values["agora_votes_counted_total"],
            waiting=values["agora_votes_backlog"],
            oldest_s=values["agora_votes_oldest_age_seconds"],
        )

    def counted_before(self, deadline: float, votes: float) -> float:
        """How many are counted once `votes` are, or when the deadline has passed."""
        while (counted := self.read().counted) < votes and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
        return counted


class VoteWatch:
    """`readings` has one for each look that the worker took at the stream while the block ran."""

    def __init__(self, worker: VoteWorker) -> None:
        self._worker = worker
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._watching: Future[None] | None = None
        self.readings: list[Reading] = []

    def __enter__(self) -> Self:
        self._watching = self._thread.submit(self._watch, self._worker.read())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        assert self._watching is not None
        self._watching.result()
        self._thread.shutdown()

    def _watch(self, last: Reading) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            reading = self._worker.read()
            if reading.look != last.look:
                self.readings.append(reading)
                last = reading


def periods_of(readings: Sequence[Reading], most: int) -> list[Period]:
    """So many of about the same length, fewer when there are fewer readings. Each begins where the last ended."""
    edges = np.linspace(0, len(readings) - 1, min(most, len(readings) - 1) + 1).astype(int).tolist()
    return [_period(readings[begin : end + 1], readings[0].at) for begin, end in pairwise(edges)]


def rates_of(readings: Sequence[Reading]) -> list[Period]:
    """For each reading but the first, what had happened in the seconds before it."""
    ends = range(1, len(readings))
    return [_period(readings[max(0, end - _SMOOTH) : end + 1], readings[0].at) for end in ends]


def _period(readings: Sequence[Reading], began: float) -> Period:
    """What waited at the first reading belongs to the period before."""
    first, last = readings[0], readings[-1]
    seconds = last.at - first.at
    waiting = [reading.waiting for reading in readings[1:]]
    return Period(
        begin_s=first.at - began,
        end_s=last.at - began,
        produced_per_s=(last.appended - first.appended) / seconds,
        consumed_per_s=(last.counted - first.counted) / seconds,
        mean_waiting=fmean(waiting),
        most_waiting=max(waiting),
        oldest_s=max(reading.oldest_s for reading in readings[1:]),
    )


def _metrics_url(mesh: Mesh) -> str:
    """The worker listens for nothing else."""
    pid = next(pid for pid, tier in mesh.tiers.items() if tier == _WORKER)
    listening = (each for each in psutil.Process(pid).net_connections("tcp") if each.status == psutil.CONN_LISTEN)
    return f"http://127.0.0.1:{next(listening).laddr.port}"
