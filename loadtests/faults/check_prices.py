"""Whether an order has the lines that were asked for, at the prices of its time, and is always told the same."""

from collections.abc import Iterator
from itertools import pairwise
from math import inf

from loadtests.faults.changes import Setting, possible_values, settings_of
from loadtests.faults.history import History
from loadtests.faults.purchases import Purchase, by_order_id
from loadtests.faults.state import Line, Order, ShopState
from loadtests.faults.violation import Kind, Violation


def check_prices(history: History, purchases: list[Purchase], state: ShopState) -> Iterator[Violation]:
    prices = settings_of(history, "price_cents")
    promised = by_order_id(purchases)
    for order in state.orders.values():
        purchase = promised.get(order.order_id)
        yield from _recorded_as_reserved(order, state, purchase)
        if purchase is not None:
            yield from _told_as_recorded(order, purchase)
            for line in order.lines:
                yield from _at_the_price_of_its_time(line, prices.get(line.item_id, []), purchase)


def _recorded_as_reserved(order: Order, state: ShopState, purchase: Purchase | None) -> Iterator[Violation]:
    shown_by = tuple(purchase.attempts) if purchase else ()
    if order.total_cents != sum(line.quantity * line.price_cents for line in order.lines):
        says = f"the total of the order {order.order_id} is not that of its lines"
        yield Violation(Kind.CHANGED_PRICE, says, shown_by)
    reservation = state.reservations.get(order.order_id)
    if reservation is not None and reservation.lines != order.lines:
        kind = Kind.CHANGED_PRICE if _units(reservation.lines) == _units(order.lines) else Kind.CHANGED_LINES
        says = f"the order {order.order_id} was recorded with other lines than were reserved"
        yield Violation(kind, says, shown_by)


def _told_as_recorded(order: Order, purchase: Purchase) -> Iterator[Violation]:
    asked = [attempt.lines for attempt in purchase.accepted if attempt.lines is not None]
    if any(lines != _units(order.lines) for lines in asked):
        says = f"{purchase.buyer} asked for {asked[0]} and got {_units(order.lines)}"
        yield Violation(Kind.CHANGED_LINES, says, tuple(purchase.attempts))
    answers = (attempt.told for attempt in purchase.accepted)
    # The bookstore tells neither lines nor prices.
    told = [answer for answer in answers if answer["order_id"] == order.order_id and "lines" in answer]
    if any(first != second for first, second in pairwise(told)):
        says = f"the order {order.order_id} was told differently from time to time"
        yield Violation(Kind.CHANGED_PRICE, says, tuple(purchase.attempts))
    elif told and (told[0]["total_cents"], _told_lines(told[0]["lines"])) != (order.total_cents, order.lines):
        says = f"{purchase.buyer} was told {told[0]}, but the order has {order.total_cents} cents, {order.lines}"
        yield Violation(Kind.CHANGED_PRICE, says, tuple(purchase.attempts))


def _at_the_price_of_its_time(line: Line, settings: list[Setting], purchase: Purchase) -> Iterator[Violation]:
    possible = possible_values(settings, purchase.began_at, purchase.accepted_at or inf)
    if settings and line.price_cents not in possible:
        says = f"item {line.item_id} was sold to {purchase.buyer} for {line.price_cents}, when it cost {possible}"
        yield Violation(Kind.CHANGED_PRICE, says, tuple(purchase.attempts))


def _units(lines: tuple[Line, ...]) -> dict[str, int]:
    return {line.item_id: line.quantity for line in lines}


def _told_lines(lines: list[dict[str, int]]) -> tuple[Line, ...]:
    told = (Line(str(line["item_id"]), line["quantity"], line["price_cents"]) for line in lines)
    return tuple(sorted(told, key=lambda line: line.item_id))
