"""What a driver is told to do, and what it found: plain data that travels between processes."""

import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

Transport = Literal["rest", "socket"]

# Where a request has this, the driver puts something unique of the same length in its place, each time it sends it.
UNIQUE: Final = b"@" * 16
# Of one answer in this many, the time each tier took is read.
TIERS_READ_EVERY: Final = 8


@dataclass(frozen=True, slots=True)
class Address:
    transport: Transport
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Step:
    """A request, and what a true answer to it contains."""

    request: bytes
    mark: bytes


Script = tuple[Step, ...]
"""What one client does, over and over."""


@dataclass(frozen=True, slots=True)
class Load:
    """One script a client. Each client stops after `operations`, and none begins one after `seconds`.

    Without `arrivals_per_s` a client sends its next request when the last is answered. With it, requests arrive at that
    rate whatever becomes of the ones before, and their latency counts from the moment they arrived.

    With `others` the clients are dealt out over `address` and these, as a balancer would deal them out.
    """

    address: Address
    scripts: tuple[Script, ...]
    operations: int
    seconds: float
    arrivals_per_s: float | None = None
    others: tuple[Address, ...] = ()


@dataclass(slots=True)
class Outcome:
    """Latencies are in seconds, tiers in milliseconds; `began` and `ended` are readings of the system-wide clock."""

    latencies: "array[float]" = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    tier_ms: dict[str, float] = field(default_factory=dict)
    tiers_read: int = 0
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    # Of the driver that worked hardest.
    cpu_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def throughput(self) -> float:
        return len(self.latencies) / self.seconds


def merged(outcomes: list[Outcome]) -> Outcome:
    """Of drivers that ran at the same time."""
    whole = Outcome(began=min(outcome.began for outcome in outcomes), ended=max(outcome.ended for outcome in outcomes))
    for outcome in outcomes:
        whole.latencies.extend(outcome.latencies)
        whole.errors.update(outcome.errors)
        for tier, milliseconds in outcome.tier_ms.items():
            whole.tier_ms[tier] = whole.tier_ms.get(tier, 0.0) + milliseconds
        whole.tiers_read += outcome.tiers_read
        whole.cpu_seconds = max(whole.cpu_seconds, outcome.cpu_seconds)
    return whole
