"""Whether orders of items that a fault does not strike are as quick as those without any fault, in the same run."""

from collections.abc import Iterator
from math import ceil, inf
from statistics import median

from loadtests.faults.history import Attempt, Call, Fault, History, Outcome
from loadtests.faults.violation import Kind, Violation

TIMES = 2.0
# With fewer, a p99 is the slowest of all: a single long collection of garbage decides.
ENOUGH = 200
# Orders that are held up are few: then it is their median that must not be beyond the usual p99.
FEW = 10
# A machine's own jitter: below this no client is held up.
UNNOTICED_S = 0.1


def check_latency(history: History) -> Iterator[Violation]:
    orders = list(history.of(Call.BUY))
    usual = [order for order in orders if not any(_is_during(fault, order) for fault in history.faults)]
    for fault in history.faults:
        if not fault.item_ids:
            continue
        others = [order for order in orders if _is_struck_by_none_but(fault, order, history.faults)]
        if min(len(usual), len(others)) >= ENOUGH:
            name, struck = "p99", p99(others)
        elif min(len(usual), len(others)) >= FEW:
            name, struck = "median", median(map(seconds, others))
        else:
            continue
        calm = p99(usual)
        if struck > max(TIMES * calm, UNNOTICED_S):
            says = (
                f"{name} of {len(others)} orders of other items was {struck * 1000:.0f} ms during: {fault.text};"
                f" p99 of {len(usual)} orders without a fault {calm * 1000:.0f} ms"
            )
            yield Violation(Kind.SLOWED, says, tuple(sorted(others, key=seconds)[-3:]))


def p99(orders: list[Attempt]) -> float:
    """An order that got no answer took for ever."""
    return sorted(map(seconds, orders))[ceil(len(orders) * 0.99) - 1]


def seconds(order: Attempt) -> float:
    if order.outcome is Outcome.UNKNOWN or order.answered_at is None:
        return inf
    return order.answered_at - order.invoked_at


def _is_during(fault: Fault, order: Attempt) -> bool:
    return fault.overlaps(order.invoked_at, order.answered_at or order.invoked_at)


def _is_struck_by_none_but(fault: Fault, order: Attempt, faults: list[Fault]) -> bool:
    """Whether the order was placed during this fault alone, and does not want the items that it strikes."""
    return [each for each in faults if _is_during(each, order)] == [fault] and not _wants(order, fault.item_ids)


def _wants(order: Attempt, item_ids: tuple[str, ...]) -> bool:
    return any(item_id in item_ids for item_id in order.lines or ())
