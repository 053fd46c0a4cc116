"""Account of an item's stock: what was set, added and sold, and which quantities all that allows at a moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from loadtests.faults.changes import DELTA, Setting, changes_of, current_settings
from loadtests.faults.history import History
from loadtests.faults.purchases import Purchase, by_order_id
from loadtests.faults.state import Order, Reservation, ShopState


@dataclass(frozen=True, slots=True)
class Movement:
    """Units added (or, below 0, taken), at some moment from `after` to `before`; infinite when perhaps never."""

    units: int
    after: float
    before: float


@dataclass(slots=True)
class Account:
    settings: list[Setting] = field(default_factory=list)
    deltas: list[Movement] = field(default_factory=list)
    sales: list[Movement] = field(default_factory=list)

    @property
    def sold(self) -> int:
        return -sum(sale.units for sale in self.sales)

    @property
    def most_ever(self) -> int:
        return sum(s.value for s in self.settings) + sum(max(0, d.units) for d in self.deltas)

    def allows_in_the_end(self, quantity: int) -> bool:
        """Whether some order of all that happened leaves `quantity`. Every sale of the account took place."""
        return any(
            low <= quantity <= high
            for setting in current_settings(self.settings, inf)
            for low, high in [self._range_since(setting)]
        )

    def most_at(self, known_by: float, until: float) -> float:
        """Return the most that a read until `until` may show when it knows all that was acknowledged by `known_by`."""
        seen = [setting for setting in self.settings if setting.after <= until]
        current = current_settings(seen, known_by)
        return max((self._most_since(setting, known_by, until) for setting in current), default=inf)

    def _range_since(self, last: Setting) -> tuple[int, int]:
        low = high = last.value
        for sale in self.sales:
            if sale.before >= last.after:
                low += sale.units
                high += sale.units if sale.after > last.before else 0
        for delta in self.deltas:
            if delta.before >= last.after:
                is_certain = delta.before < inf and delta.after > last.before
                low += delta.units if is_certain else min(0, delta.units)
                high += delta.units if is_certain else max(0, delta.units)
        return low, high

    def _most_since(self, last: Setting, known_by: float, until: float) -> int:
        most = last.value
        for delta in self.deltas:
            if delta.units > 0 and delta.after <= until and delta.before >= last.after:
                most += delta.units
        for taken in (*self.sales, *(delta for delta in self.deltas if delta.units < 0)):
            if taken.after > last.before and taken.before < known_by:
                most += taken.units
        return most


def accounts_of(history: History, purchases: list[Purchase], state: ShopState) -> dict[str, Account]:
    """By item; only of items that were set in this history."""
    accounts: dict[str, Account] = {}
    for item_id, changes in changes_of(history).items():
        account = accounts.setdefault(item_id, Account())
        for change in changes:
            if "quantity" in change.asked:
                account.settings.append(Setting(change.asked["quantity"], change.after, change.before))
            if DELTA in change.asked:
                account.deltas.append(Movement(change.asked[DELTA], change.after, change.before))
    for item_id, sale in _sales(purchases, state):
        if item_id in accounts:
            accounts[item_id].sales.append(sale)
    return accounts


def _sales(purchases: list[Purchase], state: ShopState) -> Iterable[tuple[str, Movement]]:
    """Of orders, and of reservations whose orders are still to be recorded."""
    promised = by_order_id(purchases)
    undecided = (reservation for reservation in state.open_reservations() if reservation.order_id not in state.orders)
    everything_sold: list[Order | Reservation] = [*state.orders.values(), *undecided]
    for sold in everything_sold:
        reservation = state.reservations.get(sold.order_id)
        purchase = promised.get(sold.order_id)
        after = reservation.created_at if reservation else -inf
        before = (purchase.accepted_at if purchase else None) or inf
        for line in sold.lines:
            yield line.item_id, Movement(-line.quantity, after, before)
