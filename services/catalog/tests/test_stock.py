"""The decision who gets stock, as properties over any batch."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from catalog.stock import (
    RejectionReason,
    Reservation,
    ReservedLine,
    StockedItem,
    StockRequest,
    allocate,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EARLIER = datetime(2026, 4, 1, tzinfo=UTC)
ORDERS = [UUID(int=number) for number in range(1, 9)]
SHELVES = range(1, 5)
NOT_THERE = (5, 6)
CLAIMS = [UUID(int=number) for number in range(101, 105)]

items = st.fixed_dictionaries({
    item_id: st.builds(
        StockedItem,
        quantity=st.integers(0, 12),
        price_cents=st.integers(0, 10_000),
        currency=st.sampled_from(["USD", "USD", "USD", "EUR"]),
        seller_id=st.just(f"seller-{item_id}"),
        name=st.just(f"item {item_id}"),
    )
    for item_id in SHELVES
})  # fmt: skip
lines = st.dictionaries(st.sampled_from([*SHELVES, *SHELVES, *SHELVES, *NOT_THERE]), st.integers(1, 6), max_size=4)
requests = st.lists(
    st.builds(
        StockRequest,
        order_id=st.sampled_from(ORDERS),
        lines=lines,
        memo=st.binary(max_size=4),
        unknown_item_id=st.sampled_from(["", "", "", "01"]),
        claim=st.sampled_from([None, None, *CLAIMS]),
    ),
    max_size=12,
)


@st.composite
def known_reservations(draw):
    reserved = {order_id: draw(lines.filter(bool)) for order_id in draw(st.sets(st.sampled_from(ORDERS), max_size=3))}
    return {
        order_id: Reservation(
            order_id,
            tuple(ReservedLine(item_id, units, 1, "then", "a name") for item_id, units in sorted(wanted.items())),
            "USD",
            b"then",
            EARLIER,
            None,
        )
        for order_id, wanted in reserved.items()
    }


batches = {
    "batch": requests,
    "stock": items,
    "known": known_reservations(),
    "claimed": st.sets(st.sampled_from(CLAIMS), max_size=1),
}


def _claims(allocation):
    return {made.claim for made in allocation.made if made.claim}


@given(**batches)
def test_no_item_gives_more_than_it_has(batch, stock, known, claimed):
    allocation = allocate(batch, stock, known, claimed, NOW)
    assert all(0 < units <= stock[item_id].quantity for item_id, units in allocation.taken.items())


@given(**batches)
def test_what_is_taken_is_what_the_new_reservations_hold(batch, stock, known, claimed):
    allocation = allocate(batch, stock, known, claimed, NOW)
    held = Counter()
    for reservation in allocation.made:
        held.update({line.item_id: line.quantity for line in reservation.lines})
    assert held == allocation.taken


@given(**batches)
def test_no_two_orders_have_the_same_claim(batch, stock, known, claimed):
    made = [each.claim for each in allocate(batch, stock, known, claimed, NOW).made if each.claim]
    assert len(made) == len({*made})
    assert claimed.isdisjoint(made)


@given(**batches)
def test_an_order_gets_the_whole_of_one_of_its_requests_at_the_prices_of_the_rows(batch, stock, known, claimed):
    for made in allocate(batch, stock, known, claimed, NOW).made:
        first = next(request for request in batch if request.order_id == made.order_id)
        assert made.lines == tuple(
            ReservedLine(item_id, units, stock[item_id].price_cents, stock[item_id].seller_id, stock[item_id].name)
            for item_id, units in sorted(first.lines.items())
        )
        assert (made.memo, made.claim) == (first.memo, first.claim)
        assert made.created_at == NOW
        assert {stock[line.item_id].currency for line in made.lines} == {made.currency}


@given(**batches)
def test_every_request_has_an_outcome_and_a_known_order_keeps_its_own(batch, stock, known, claimed):
    allocation = allocate(batch, stock, known, claimed, NOW)
    assert {request.order_id for request in batch} <= allocation.decisions.keys()
    for order_id, reservation in known.items():
        assert allocation.decisions[order_id] is reservation
    assert known.keys().isdisjoint(reservation.order_id for reservation in allocation.made)


@given(**batches)
def test_an_order_that_comes_twice_is_served_once(batch, stock, known, claimed):
    once = allocate(batch, stock, known, claimed, NOW)
    assert allocate([*batch, *batch], stock, known, claimed, NOW) == once
    served = {made.order_id: made for made in once.made}
    again = allocate(batch, stock, {**known, **served}, claimed | _claims(once), NOW)
    assert again.made == [] or {made.order_id for made in again.made}.isdisjoint(made.order_id for made in once.made)
    assert all(again.decisions[made.order_id] is made for made in once.made)


@given(**batches)
def test_orders_are_served_as_they_come(batch, stock, known, claimed):
    """What later orders ask for changes nothing for earlier ones."""
    whole = allocate(batch, stock, known, claimed, NOW)
    for length in range(len(batch)):
        start = allocate(batch[:length], stock, known, claimed, NOW)
        assert all(whole.decisions[order_id] == outcome for order_id, outcome in start.decisions.items())


@given(**batches)
def test_nobody_is_refused_without_the_reason_being_true(batch, stock, known, claimed):
    for position, request in enumerate(batch):
        before = allocate(batch[:position], stock, known, claimed, NOW)
        if request.order_id in before.decisions:
            continue
        outcome = allocate(batch[: position + 1], stock, known, claimed, NOW).decisions[request.order_id]
        if isinstance(outcome, Reservation):
            continue
        item_id = outcome.item_id
        match outcome.reason:
            case RejectionReason.CLAIM_TAKEN:
                assert request.claim in claimed | _claims(before)
            case RejectionReason.NO_LINES:
                assert not request.lines
            case RejectionReason.ITEM_NOT_FOUND:
                assert item_id == request.unknown_item_id or int(item_id) in request.lines.keys() - stock.keys()
            case RejectionReason.MIXED_CURRENCIES:
                currencies = {stock[wanted].currency for wanted in request.lines if wanted in stock}
                assert stock[int(item_id)].currency in currencies
                assert len(currencies) > 1
            case RejectionReason.OUT_OF_STOCK:
                left = stock[int(item_id)].quantity - before.taken.get(int(item_id), 0)
                assert left < request.lines[int(item_id)]


@given(**batches)
def test_a_lone_order_that_fits_is_served(batch, stock, known, claimed):
    for request in batch:
        fits = all(item_id in stock and units <= stock[item_id].quantity for item_id, units in request.lines.items())
        currencies = {stock[item_id].currency for item_id in request.lines if item_id in stock}
        if fits and len(currencies) == 1 and not request.unknown_item_id and request.claim not in claimed:
            assert isinstance(allocate([request], stock, {}, claimed, NOW).decisions[request.order_id], Reservation)
