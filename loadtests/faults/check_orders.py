"""Whether every order that was promised exists once, and no other does."""

from collections.abc import Iterator

from loadtests.faults.history import Attempt
from loadtests.faults.purchases import Purchase, by_order_id
from loadtests.faults.state import Order, Reservation, ShopState
from loadtests.faults.violation import Kind, Violation

UNDECIDED_S = 30.0


def check_orders(purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    for purchase in purchases:
        yield from _one_order_a_key(purchase)
    yield from _one_key_an_order(purchases)
    yield from _lost(purchases, state)
    yield from _unexplained(purchases, state)
    yield from _unsettled(purchases, state)


def _one_order_a_key(purchase: Purchase) -> Iterator[Violation]:
    if len(purchase.order_ids) > 1:
        says = f"{purchase.buyer} got the orders {sorted(purchase.order_ids)} for the key {purchase.key}"
        yield Violation(Kind.DOUBLED_ORDER, says, tuple(purchase.attempts))


def _one_key_an_order(purchases: list[Purchase]) -> Iterator[Violation]:
    owners: dict[str, Purchase] = {}
    for purchase in purchases:
        for order_id in purchase.order_ids:
            other = owners.setdefault(order_id, purchase)
            if other is not purchase:
                says = f"the keys {other.key} and {purchase.key} were both answered with the order {order_id}"
                yield Violation(Kind.LOST_ORDER, says, (*other.attempts, *purchase.attempts))


def _lost(purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    for order_id, purchase in by_order_id(purchases).items():
        order = state.orders.get(order_id)
        if order is None:
            says = f"the order {order_id} of {purchase.buyer}, key {purchase.key}, is not there"
            yield Violation(Kind.LOST_ORDER, says, tuple(purchase.attempts))
        elif order.buyer != purchase.buyer:
            says = f"the order {order_id} of {purchase.buyer} belongs to {order.buyer}"
            yield Violation(Kind.LOST_ORDER, says, tuple(purchase.attempts))


def _unexplained(purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    """Each order nobody was told of must be one of the purchases whose outcome is open, each at most once."""
    promised = by_order_id(purchases)
    open_purchases = [purchase for purchase in purchases if purchase.is_open]
    unpromised = [order for order in state.orders.values() if order.order_id not in promised]
    # Those of carts last: they may be any order, and are what is left for orders with no lines of their own.
    for order in sorted(unpromised, key=lambda order: order.order_id):
        match = _matching(order, open_purchases)
        if match is None:
            yield _name(order, purchases)
        else:
            open_purchases.remove(match)


def _matching(order: Order, candidates: list[Purchase]) -> Purchase | None:
    own = [purchase for purchase in candidates if purchase.buyer == order.buyer]
    by_lines = (purchase for purchase in own if _lines_of(order) in purchase.bodies)
    by_cart = (purchase for purchase in own if None in purchase.bodies)
    return next(by_lines, None) or next(by_cart, None)


def _name(order: Order, purchases: list[Purchase]) -> Violation:
    """The likeliest story of an order that nothing explains."""
    alike = [
        purchase
        for purchase in purchases
        if purchase.buyer == order.buyer and (_lines_of(order) in purchase.bodies or None in purchase.bodies)
    ]
    refused = [purchase for purchase in alike if not purchase.accepted and not purchase.is_open]
    kind, suspects = Kind.UNASKED_ORDER, alike
    if refused:
        kind, suspects = Kind.REFUSED_ORDER_EXISTS, refused
    elif alike:
        kind = Kind.DOUBLED_ORDER
    says = f"the order {order.order_id} of {order.buyer} with {_lines_of(order)} is no answer to any key that is open"
    return Violation(kind, says, _attempts(suspects))


def _unsettled(purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    for reservation in state.reservations.values():
        if reservation.order_id in state.orders:
            continue
        age = state.read_at - reservation.created_at
        if reservation.is_settled:
            says = f"the stock of the order {reservation.order_id} is settled, but the order is not there"
            yield Violation(Kind.LOST_ORDER, says)
        elif age > UNDECIDED_S:
            says = f"the order {reservation.order_id} has been undecided for {age:.1f} s"
            yield Violation(Kind.UNDECIDED, says, _attempts(_possible_purchases(reservation, purchases)))


def _possible_purchases(reservation: Reservation, purchases: list[Purchase]) -> list[Purchase]:
    """Those that may have made it, for all their clients know."""
    began_before = [p for p in purchases if p.is_open and p.began_at <= reservation.created_at]
    return [p for p in began_before if _lines_of(reservation) in p.bodies or None in p.bodies]


def _attempts(purchases: list[Purchase]) -> tuple[Attempt, ...]:
    return tuple(attempt for purchase in purchases for attempt in purchase.attempts)


def _lines_of(order: Order | Reservation) -> dict[str, int]:
    return {line.item_id: line.quantity for line in order.lines}
