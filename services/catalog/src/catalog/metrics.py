"""The catalog's own metrics."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import Counter, Histogram

from catalog.stock import Allocation, RejectionReason, StockRequest

_RESERVATIONS: Final = Counter(
    "agora_stock_reservations",
    "Reservations asked for: reserved, known from before, or the reason of the rejection.",
    ("agora_stock_outcome",),
)
_RESERVED: Final = _RESERVATIONS.labels("reserved")
_KNOWN: Final = _RESERVATIONS.labels("known")
_REJECTED: Final = {reason: _RESERVATIONS.labels(reason.value.lower()) for reason in RejectionReason}
CONFLICTS: Final = Counter(
    "agora_stock_conflicts", "Batches decided again because another replica decided one of their orders first."
)
CONTENDED: Final = Counter(
    "agora_stock_contended", "Orders not decided in their batch because another transaction held one of their items."
)
# No series may bear an item's id; this tells how hot the hottest one is.
_RIVALS: Final = Histogram(
    "agora_stock_rivals",
    "Orders of one batch that want the same item, of its most wanted item.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)


def note_batch(requests: Sequence[StockRequest], allocation: Allocation) -> None:
    _RESERVED.inc(len(allocation.made))
    _KNOWN.inc(len(allocation.decisions) - len(allocation.made) - len(allocation.rejected))
    for rejection in allocation.rejected:
        _REJECTED[rejection.reason].inc()
    _RIVALS.observe(max(Tally(_items_of(requests)).values(), default=0))


def _items_of(requests: Iterable[StockRequest]) -> Iterable[int]:
    return (item_id for request in requests for item_id in request.lines)
