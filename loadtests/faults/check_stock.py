"""Whether stock at the start = stock now + units sold, and never more was sold than there was."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from loadtests.faults.check_prices import Setting, settings_of
from loadtests.faults.history import Attempt, History
from loadtests.faults.purchases import Purchase, by_order_id
from loadtests.faults.state import Order, Reservation, ShopState
from loadtests.faults.violation import Kind, Violation

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Sale:
    """Units of one item that an order took, at some moment from `after` to `before`."""

    units: int
    after: float
    before: float


def check_stock(history: History, purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    sales = _sales(purchases, state)
    for item_id, settings in settings_of(history, "quantity").items():
        if item_id not in state.items:
            continue
        left = state.items[item_id].quantity
        sold = sum(sale.units for sale in sales.get(item_id, []))
        if left < 0 or sold > sum(setting.value for setting in settings):
            says = f"{sold} units of item {item_id} are sold and {left} left, of {_told(settings)}"
            yield Violation(Kind.OVERSOLD, says, _last_sold(item_id, purchases))
        elif not any(_explains(setting, settings, sales.get(item_id, []), left) for setting in settings):
            says = f"{left} units of item {item_id} are left after {sold} were sold of {_told(settings)}"
            yield Violation(Kind.STOCK_NOT_CONSERVED, says, _in_trouble(item_id, purchases))


def _sales(purchases: list[Purchase], state: ShopState) -> dict[str, list[Sale]]:
    """Of orders, and of reservations whose orders are still to be recorded."""
    promised = by_order_id(purchases)
    sales: dict[str, list[Sale]] = {}
    undecided = (reservation for reservation in state.open_reservations() if reservation.order_id not in state.orders)
    everything_sold: list[Order | Reservation] = [*state.orders.values(), *undecided]
    for sold in everything_sold:
        reservation = state.reservations.get(sold.order_id)
        purchase = promised.get(sold.order_id)
        before = (purchase.accepted_at if purchase else None) or inf
        for line in sold.lines:
            sale = Sale(line.quantity, reservation.created_at if reservation else -inf, before)
            sales.setdefault(line.item_id, []).append(sale)
    return sales


def _explains(last: Setting, settings: list[Setting], sales: list[Sale], left: int) -> bool:
    """Whether `left` may be what remained of `last`, were it the last setting of the item's quantity."""
    if any(last.is_over_by(other) for other in settings):
        return False
    surely = sum(sale.units for sale in sales if sale.after > last.before)
    perhaps = sum(sale.units for sale in sales if sale.after <= last.before and sale.before >= last.after)
    return last.value - surely - perhaps <= left <= last.value - surely


def _last_sold(item_id: str, purchases: list[Purchase]) -> tuple[Attempt, ...]:
    """The last few answers that promised units of the item."""
    promises = [purchase.accepted[0] for purchase in purchases if purchase.accepted and _is_of(purchase, item_id)]
    return tuple(sorted(promises, key=lambda attempt: attempt.invoked_at)[-_SHOWN:])


def _in_trouble(item_id: str, purchases: list[Purchase]) -> tuple[Attempt, ...]:
    """The attempts at purchases that did not go smoothly; when all of them did, all attempts."""
    own = [purchase for purchase in purchases if _is_of(purchase, item_id)]
    rough = [purchase for purchase in own if len(purchase.attempts) > 1 or purchase.is_open]
    return tuple(attempt for purchase in rough or own for attempt in purchase.attempts)


def _is_of(purchase: Purchase, item_id: str) -> bool:
    return any(body is None or item_id in body for body in purchase.bodies)


def _told(settings: list[Setting]) -> str:
    return " then ".join(str(setting.value) for setting in settings)
