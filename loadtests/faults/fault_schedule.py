"""What breaks when in one round of random faults: the same for the same seed and round."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

# Pauses are mostly what a slow network looks like, and sometimes longer than any deadline: a cut.
_SHORT_PAUSE_S = (0.05, 1.5)
_LONG_PAUSE_S = (5.5, 7.0)
_FAULTS = (2, 5)


@dataclass(frozen=True, slots=True)
class Fault:
    """A process killed, or paused for a while; `pause_s` of 0 means killed."""

    at_s: float
    process: str
    pause_s: float


def schedule(random: Random, processes: Sequence[str], within_s: float) -> list[Fault]:
    """Faults in the order of time. One in four strikes a whole tier at once."""
    faults: list[Fault] = []
    for _ in range(random.randint(*_FAULTS)):
        at_s, pause_s = random.uniform(0, within_s), _pause(random)
        victim = random.choice(processes)
        victims = _tier_of(victim, processes) if random.random() < 0.25 else [victim]
        faults += [Fault(at_s, name, pause_s) for name in victims]
    return sorted(faults, key=lambda fault: fault.at_s)


def _pause(random: Random) -> float:
    if random.random() < 0.5:
        return 0.0
    return random.uniform(*(_LONG_PAUSE_S if random.random() < 0.15 else _SHORT_PAUSE_S))


def _tier_of(process: str, processes: Sequence[str]) -> list[str]:
    service = process.rpartition("-")[0]
    return [name for name in processes if service and name.rpartition("-")[0] == service] or [process]
