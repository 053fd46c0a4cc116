"""Whether reads of items are as fresh as the cache mode promises.

In the modes `off` and `shared` no read is older than a write that was acknowledged before it. In `tiered` it may be,
for a moment: at most `HARD_BOUND_S` whatever is broken, and `USUAL_S` in 99 of 100 reads while nothing is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.faults.changes import possible_values, settings_of
from loadtests.faults.history import Attempt, Call, Fault, History, Outcome
from loadtests.faults.purchases import Purchase
from loadtests.faults.state import ShopState
from loadtests.faults.stock_account import accounts_of
from loadtests.faults.violation import Kind, Violation

HARD_BOUND_S = 1.5
USUAL_S = 0.05
# What a fault left behind is cleared up when it has ended: leases run out, connections are opened again.
AFTERMATH_S = 5.0
_ENOUGH = 200


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A read that did not show a write which was acknowledged `age_s` before it began."""

    read: Attempt
    write: Attempt
    age_s: float


def check_reads(history: History, purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    bound_s = HARD_BOUND_S if history.cache == "tiered" else 0.0
    stale = list(stale_reads(history))
    for each in stale:
        if each.age_s > bound_s:
            says = (
                f"item {each.read.told['item_id']} was shown in version {each.read.told['version']},"
                f" {each.age_s * 1000:.0f} ms after version {each.write.told['version']} was acknowledged"
            )
            yield Violation(Kind.STALE_READ, says, (each.write, each.read))
    yield from _usually_fresh(history, stale)
    yield from _values(history, bound_s)
    yield from _sold_units_shown(history, purchases, state, bound_s)


def stale_reads(history: History) -> Iterator[StaleRead]:
    writes = _acknowledged_writes(history)
    for read in _reads(history):
        missed = [
            write
            for write in writes.get(read.told["item_id"], [])
            if write.told["version"] > read.told["version"] and _answered_at(write) < read.invoked_at
        ]
        if missed:
            oldest = min(missed, key=_answered_at)
            yield StaleRead(read, oldest, read.invoked_at - _answered_at(oldest))


def _usually_fresh(history: History, stale: list[StaleRead]) -> Iterator[Violation]:
    """Of all reads while nothing is broken, so that a single slow push is not 99 of 100."""
    if history.cache != "tiered":
        return
    calm = [read for read in _reads(history) if not _is_during(history.faults, read)]
    slow = [each for each in stale if each.age_s > USUAL_S and not _is_during(history.faults, each.read)]
    if len(calm) >= _ENOUGH and len(slow) > len(calm) / 100:
        says = f"{len(slow)} of {len(calm)} reads with nothing broken were stale for more than {USUAL_S * 1000:.0f} ms"
        yield Violation(Kind.STALE_READ, says, tuple(each.read for each in slow[:5]))


def _values(history: History, bound_s: float) -> Iterator[Violation]:
    """Prices that were in force, which a change that was rejected or overtaken never is."""
    prices = settings_of(history, "price_cents")
    for read in _reads(history):
        settings = prices.get(read.told["item_id"], [])
        possible = possible_values(settings, read.invoked_at - bound_s, _answered_at(read))
        if settings and read.told["price_cents"] not in possible:
            says = f"item {read.told['item_id']} was shown for {read.told['price_cents']}, when it cost {possible}"
            yield Violation(Kind.STALE_READ, says, (read,))


def _sold_units_shown(
    history: History, purchases: list[Purchase], state: ShopState, bound_s: float
) -> Iterator[Violation]:
    accounts = accounts_of(history, purchases, state)
    for read in _reads(history):
        account = accounts.get(read.told["item_id"])
        if account is None:
            continue
        most = account.most_at(read.invoked_at - bound_s, _answered_at(read))
        if read.told["quantity"] > most:
            says = (
                f"item {read.told['item_id']} was shown with {read.told['quantity']} units, when it had {most} at most"
            )
            yield Violation(Kind.STALE_READ, says, (read,))


def _acknowledged_writes(history: History) -> dict[str, list[Attempt]]:
    writes: dict[str, list[Attempt]] = {}
    for write in history.of(Call.SET_ITEM):
        if write.outcome is Outcome.ACCEPTED and "version" in write.told:
            writes.setdefault(write.told["item_id"], []).append(write)
    return writes


def _reads(history: History) -> Iterator[Attempt]:
    """Of single items; the bookstore tells no versions."""
    for read in history.of(Call.READ):
        if read.outcome is Outcome.ACCEPTED and "version" in read.told:
            yield read


def _answered_at(attempt: Attempt) -> float:
    assert attempt.answered_at is not None
    return attempt.answered_at


def _is_during(faults: list[Fault], read: Attempt) -> bool:
    return any(fault.overlaps(read.invoked_at - AFTERMATH_S, _answered_at(read)) for fault in faults)
