"""Whether carts hold what was put into them and not taken out or bought, and nothing in them was bought twice.

Each buyer of a history uses one session, and takes single units out or everything.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from loadtests.faults.history import Attempt, Call, History, Outcome
from loadtests.faults.purchases import Purchase, by_order_id
from loadtests.faults.state import ShopState
from loadtests.faults.violation import Kind, Violation

Place = tuple[str, str]
"""A buyer's line of an item."""


def check_carts(history: History, purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    in_doubt = {purchase.buyer for purchase in purchases if purchase.is_open and None in purchase.bodies}
    cleared = {attempt.client for attempt in history.of(Call.CLEAR_CART)}
    added, perhaps_added = _units(history, Call.ADD_TO_CART)
    removed, perhaps_removed = _units(history, Call.REMOVE_FROM_CART)
    bought = _bought(purchases, state)
    for place in sorted(added | perhaps_added | bought):
        buyer, item_id = place
        ever_there = added[place] + perhaps_added[place]
        if bought[place] > ever_there:
            says = f"{buyer} bought {bought[place]} units of item {item_id} of the cart, which had {ever_there} at most"
            yield Violation(Kind.DOUBLED_ORDER, says, _attempts_at(place, history))
            continue
        if buyer in in_doubt:
            continue
        # Buying takes no more than is there, so an order and a removal during it may share units.
        most = ever_there - max(bought[place], removed[place])
        least = max(0, added[place] - removed[place] - perhaps_removed[place] - bought[place])
        least = 0 if buyer in cleared else least
        left = state.carts.get(buyer, {}).get(item_id, 0)
        if not least <= left <= most:
            says = f"{buyer} has {left} units of item {item_id} in the cart, not {least} to {most}"
            yield Violation(Kind.WRONG_CART, says, _attempts_at(place, history))


def _units(history: History, call: Call) -> tuple[Counter[Place], Counter[Place]]:
    """Units of certain changes and of possible ones, each key's once."""
    certain: dict[tuple[str, str], Attempt] = {}
    possible: dict[tuple[str, str], Attempt] = {}
    for attempt in history.of(call):
        if attempt.outcome is Outcome.ACCEPTED:
            certain[attempt.client, attempt.key] = attempt
        elif attempt.outcome is Outcome.UNKNOWN:
            possible[attempt.client, attempt.key] = attempt
    return _sum(certain.values()), _sum(attempt for change, attempt in possible.items() if change not in certain)


def _sum(attempts: Iterable[Attempt]) -> Counter[Place]:
    units: Counter[Place] = Counter()
    for attempt in attempts:
        units[attempt.client, attempt.asked["item_id"]] += attempt.asked["quantity"]
    return units


def _bought(purchases: list[Purchase], state: ShopState) -> Counter[Place]:
    units: Counter[Place] = Counter()
    for order_id, purchase in by_order_id(purchases).items():
        if None in purchase.bodies and order_id in state.orders:
            for line in state.orders[order_id].lines:
                units[purchase.buyer, line.item_id] += line.quantity
    return units


def _attempts_at(place: Place, history: History) -> tuple[Attempt, ...]:
    buyer, item_id = place
    return tuple(
        attempt
        for attempt in history.of(Call.ADD_TO_CART, Call.REMOVE_FROM_CART, Call.BUY_CART)
        if attempt.client == buyer and attempt.asked.get("item_id", item_id) == item_id
    )
