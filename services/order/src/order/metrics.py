"""The order service's own metrics."""

from typing import Final

from prometheus_client import Counter, Gauge

from order.domain import Order

# Sellers choose currencies freely, and each would be a series.
_MAX_CURRENCIES: Final = 20
_OTHER: Final = "other"

PLACEMENTS: Final = Counter(
    "agora_order_placements",
    "Orders asked for: confirmed, replayed, or the reason of the refusal.",
    ("agora_order_outcome",),
)
CONFIRMED: Final = PLACEMENTS.labels("confirmed")
REPLAYED: Final = PLACEMENTS.labels("replayed")
_REVENUE: Final = Counter("agora_order_revenue_cents", "Totals of new orders, in minor units.", ("currency",))
_UNITS: Final = Counter("agora_order_units", "Units in new orders.")
RECOVERED: Final = Counter("agora_order_recoveries", "Orders that were recorded after their first request had died.")
UNSETTLED: Final = Gauge("agora_order_unsettled", "Reservations that the last look found old and not settled.")
UNSETTLED_AGE: Final = Gauge("agora_order_unsettled_age_seconds", "Age of the oldest of them.")
UNREADABLE: Final = Gauge(
    "agora_order_reservations_unreadable", "Reservations that recovery set aside: no order can be made of them."
)
LAST_LOOK: Final = Gauge("agora_order_recovery_timestamp_seconds", "When recovery last looked at all of them.")

_currencies: set[str] = set()


def note_recorded(order: Order) -> None:
    """Once for each order, by whoever recorded it."""
    _REVENUE.labels(_label_of(order.currency)).inc(order.total_cents)
    _UNITS.inc(sum(line.quantity for line in order.lines))


def _label_of(currency: str) -> str:
    if currency not in _currencies:
        if len(_currencies) == _MAX_CURRENCIES:
            return _OTHER
        _currencies.add(currency)
    return currency
