"""Cells measured in turn, a run of each at a time: what else the machine does then falls on all of them alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from loadtests.driver.load import Load, Outcome
from loadtests.experiments.cpu import CpuSeconds, cpu_ms_per_operation, cpu_seconds
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.results import Cell, Run, run_of

# Many short turns, or noise would not fall on all alike.
_TURNS: Final = 3
_TURN_S: Final = 10.0
# Connections, pools and caches settle before what counts.
_WARM_UP_S: Final = 0.2


@dataclass(slots=True)
class Contender:
    """A cell, its load, and the processes whose CPU it costs; `outcomes` and `_spent` are of its runs so far."""

    cell: Cell
    load: Load
    tiers: Mapping[int, str]
    outcomes: list[Outcome] = field(default_factory=list)
    _spent: CpuSeconds = field(default_factory=dict)

    def warm_up(self, lab: Lab) -> None:
        lab.drive(replace(self.load, seconds=_WARM_UP_S))

    def perform(self, lab: Lab) -> Outcome:
        before = cpu_seconds(self.tiers)
        outcome = lab.drive(self.load)
        after = cpu_seconds(self.tiers)
        self.outcomes.append(outcome)
        for tier, seconds in after.items():
            self._spent[tier] = self._spent.get(tier, 0.0) + seconds - before[tier]
        return outcome

    def result(self) -> Run:
        operations = sum(len(outcome.latencies) for outcome in self.outcomes)
        cpu_ms = cpu_ms_per_operation(dict.fromkeys(self._spent, 0.0), self._spent, operations)
        return run_of(self.cell, self.outcomes, cpu_ms)


def measure_in_turn(lab: Lab, contenders: Sequence[Contender]) -> list[Run]:
    """A run for each different contender, in the order in which they first come; they are added to the results.

    A contender that comes more than once in a turn is measured as often.
    """
    different = list({id(contender): contender for contender in contenders}.values())
    for contender in different:
        contender.warm_up(lab)
    for _ in range(_turns(lab.extent)):
        for contender in contenders:
            contender.perform(lab)
    runs = [contender.result() for contender in different]
    lab.results.runs.extend(runs)
    return runs


def turn_s(extent: Extent) -> float:
    """How long one run may take at most. A quick run's seconds are divided among the turns."""
    return min(extent.seconds * extent.runs / _turns(extent), _TURN_S)


def turns_s(extent: Extent, contenders: int) -> float:
    return contenders * (_WARM_UP_S + _turns(extent) * turn_s(extent))


def _turns(extent: Extent) -> int:
    return max(_TURNS, extent.runs)
