"""Faults of one round: the same for the same seed and round."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from loadtests.faults.mesh import Link

# Pauses are mostly what a slow network looks like, and sometimes longer than any deadline: a cut.
_SHORT_S = (0.05, 1.5)
_LONG_S = (5.5, 6.5)
_LONG = 0.08
_FAULTS = (2, 5)
_WHOLE_TIER = 0.25


class Kind(StrEnum):
    KILL = "SIGKILL"
    PAUSE = "SIGSTOP"
    PARTITION = "partition"
    LOST_REQUESTS = "partition of requests"
    LOST_REPLIES = "partition of replies"
    RESETS = "connection resets"
    LATENCY = "latency"
    PACKET_LOSS = "packet loss"
    CACHE_CONNECTIONS = "cache at its connection limit"
    DATABASE_CONNECTIONS = "database at its connection limit"
    READ_ONLY = "read-only databases"
    DISK_FULL = "full database"
    SLOW_DISK = "slow disk"
    LOCKED_ITEM = "locked item"


OF_PROCESSES = (Kind.KILL, Kind.PAUSE)
OF_LINKS = (
    Kind.PARTITION,
    Kind.LOST_REQUESTS,
    Kind.LOST_REPLIES,
    Kind.RESETS,
    Kind.LATENCY,
    Kind.PACKET_LOSS,
)
OF_STORES = (
    Kind.CACHE_CONNECTIONS,
    Kind.DATABASE_CONNECTIONS,
    Kind.READ_ONLY,
    Kind.DISK_FULL,
    Kind.SLOW_DISK,
    Kind.LOCKED_ITEM,
)
DATABASES = ("catalog", "orders", "account", "review")


@dataclass(frozen=True, slots=True)
class Fault:
    """What breaks, when and for how long; which of the targets are set depends on the kind."""

    at_s: float
    for_s: float
    kind: Kind
    processes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    database: str = ""

    def __str__(self) -> str:
        links = (f"{caller}>{callee}" for caller, callee in self.links)
        targets = " ".join((*self.processes, *links, self.database)).strip()
        lasts = "" if self.kind is Kind.KILL else f" for {self.for_s:.2f} s"
        return f"{self.kind} {targets}".strip() + lasts


def schedule(random: Random, processes: Sequence[str], links: Sequence[Link], within_s: float) -> list[Fault]:
    """Return faults in the order of time. They may overlap, and each one ends."""
    faults = [_draw(random, processes, links, within_s) for _ in range(random.randint(*_FAULTS))]
    return sorted(faults, key=lambda fault: fault.at_s)


def _draw(random: Random, processes: Sequence[str], links: Sequence[Link], within_s: float) -> Fault:
    at_s, for_s = random.uniform(0, within_s), _duration(random)
    kinds = random.choices((OF_PROCESSES, OF_LINKS, OF_STORES), (45, 35 if links else 0, 20))[0]
    kind = random.choice(kinds)
    if kinds is OF_PROCESSES:
        return Fault(at_s, for_s, kind, processes=_victims(random, processes))
    if kinds is OF_LINKS:
        return Fault(at_s, for_s, kind, links=_paths(random, links))
    needs_database = kind in {Kind.DATABASE_CONNECTIONS, Kind.DISK_FULL}
    return Fault(at_s, for_s, kind, database=random.choice(DATABASES) if needs_database else "")


def _duration(random: Random) -> float:
    return random.uniform(*(_LONG_S if random.random() < _LONG else _SHORT_S))


def _victims(random: Random, processes: Sequence[str]) -> tuple[str, ...]:
    victim = random.choice(processes)
    return _tier_of(victim, processes) if random.random() < _WHOLE_TIER else (victim,)


def _paths(random: Random, links: Sequence[Link]) -> tuple[Link, ...]:
    """One path, all paths to a callee, or all paths of a caller."""
    caller, callee = random.choice(links)
    match random.choice(("one", "one", "to", "from")):
        case "to":
            return tuple(link for link in links if link[1] == callee)
        case "from":
            return tuple(link for link in links if link[0] == caller)
        case _:
            return ((caller, callee),)


def _tier_of(process: str, processes: Sequence[str]) -> tuple[str, ...]:
    service = process.rpartition("-")[0]
    tier = tuple(name for name in processes if service and name.rpartition("-")[0] == service)
    return tier or (process,)
