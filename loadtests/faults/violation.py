"""What the checker may find, and the shortest piece of history that shows it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from loadtests.faults.history import Attempt, History

_MAX_LINES = 40


class Kind(StrEnum):
    OVERSOLD = "oversold"
    LOST_ORDER = "lost acknowledged order"
    DOUBLED_ORDER = "doubled order"
    CHANGED_PRICE = "changed price"
    CHANGED_LINES = "changed lines"
    STOCK_NOT_CONSERVED = "stock not conserved"
    REFUSED_ORDER_EXISTS = "refused order that exists"
    UNASKED_ORDER = "order nobody asked for"
    UNDECIDED = "undecided for too long"
    WRONG_CART = "wrong cart"
    CHANGED_ANSWER = "changed answer to a key"
    REPEATED_CHANGE = "change that took effect twice"
    OVERWRITTEN = "write that ignored its precondition"
    STALE_READ = "read older than an acknowledged write"
    SLOWED = "latency of items without the fault"


@dataclass(frozen=True, slots=True)
class Violation:
    """`attempts` are those that show it."""

    kind: Kind
    says: str
    attempts: tuple[Attempt, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.says}"


def excerpt(history: History, attempts: Iterable[Attempt]) -> list[str]:
    """These attempts and what was done to the mesh around them, a line each, in the order of time."""
    chosen = list(attempts)
    if not chosen:
        return []
    first = min(attempt.invoked_at for attempt in chosen)
    last = max(attempt.answered_at or attempt.invoked_at for attempt in chosen)
    events = [event for attempt in chosen for event in _events(attempt)]
    events += [(note.at, f"        {note.text}") for note in history.notes if first - 2 <= note.at <= last]
    lines = [f"{at - first:+8.3f} s  {text}" for at, text in sorted(events)]
    left_out = len(lines) - _MAX_LINES
    return lines if left_out <= 0 else [*lines[:_MAX_LINES], f"... and {left_out} more"]


def _events(attempt: Attempt) -> Iterator[tuple[float, str]]:
    name = f"#{attempt.number:<5} {attempt.client[:8]}"
    yield attempt.invoked_at, f"{name} {attempt.call} {attempt.asked} key={attempt.key} via {attempt.gateway}"
    if attempt.answered_at is not None:
        told = f"{attempt.status} {attempt.told} by {attempt.served_by}"
        yield attempt.answered_at, f"{name} was told {told}"
    elif attempt.error:
        yield attempt.invoked_at, f"{name} was told nothing: {attempt.error}"
