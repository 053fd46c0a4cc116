"""Checkout: an order is reserved by the catalog, then recorded here, and then it stands.

The catalog's reservation is the decision: it is one transaction, idempotent by the order's id, and never undone. What
follows only writes down what was decided, so any replica can do it, any number of times: the one that was asked, one
that the client asks again, or the recovery of a replica that found the reservation open. Two commits in all. A
rejection is a decision of the same kind, with nothing to follow.
"""

from chassis.batching import Batcher
from chassis.errors import IdempotencyKeyReused
from order import metrics
from order.catalog import Catalog, Rejection, Reservation, StockRequest
from order.domain import CartOwner, Lines, Memo, Order, check_request_id, check_units, digest_of, order_id_of
from order.names import Names
from order.repository import Repository
from order.settlement import Settlement


class Checkout:
    def __init__(self, repository: Repository, catalog: Catalog, settlement: Settlement) -> None:
        self._repository = repository
        self._catalog = catalog
        self._settlement = settlement
        self._names = Names(catalog)
        self._recording: Batcher[Order, bool] = Batcher(
            "record_orders", self._repository.record_orders, max_size=256, max_in_flight=2
        )

    async def buy_lines(self, buyer_id: str, request_id: str, lines: Lines) -> tuple[Order, bool]:
        """Buy what is listed. The second value is true when an earlier request made the order.

        Raises InvalidField, OutOfStock, ItemNotFound, MixedCurrencies, IdempotencyKeyReused.
        """
        check_request_id(request_id)
        memo = Memo(buyer_id, digest_of(lines), None)
        return await self._buy(StockRequest(order_id_of(buyer_id, request_id), lines, memo, None))

    async def buy_cart(self, owner: CartOwner, request_id: str) -> tuple[Order, bool]:
        """Buy what the cart holds now; raises CartEmpty and CartBought besides what `buy_lines` does."""
        check_request_id(request_id)
        order_id = order_id_of(owner.buyer_id, request_id)
        memo = Memo(owner.buyer_id, digest_of(None), owner.session_id)
        # The order comes first: once it is recorded, the cart no longer has what it was made of.
        order = await self._repository.get_order(order_id)
        if order is not None:
            return await self._names.complete(_replayed(order, memo.request_digest)), True
        cart = await self._repository.read_cart_to_buy(owner)
        check_units(cart.lines)
        return await self._buy(StockRequest(order_id, cart.lines, memo, cart.claim))

    async def finish(self, reservation: Reservation) -> tuple[Order, bool]:
        """Record the order of a reservation, unless it is recorded already. Raises UnreadableReservation."""
        order = reservation.to_order()
        session_id = reservation.memo.session_id if reservation.memo else None
        if session_id is None:
            recorded = await self._recording.submit(order)
        else:
            recorded = await self._repository.record_cart_order(order, session_id)
        if recorded:
            metrics.note_recorded(order)
        self._settlement.add(order.order_id)
        return order, not recorded

    async def _buy(self, request: StockRequest) -> tuple[Order, bool]:
        decision = await self._catalog.reserve(request)
        # The decision may be an earlier request's: it holds, whatever was asked now.
        if decision.memo is not None and decision.memo.request_digest != request.memo.request_digest:
            raise IdempotencyKeyReused
        if isinstance(decision, Rejection):
            raise decision.error
        order, was_recorded = await self.finish(decision)
        return await self._names.complete(order), was_recorded


def _replayed(order: Order, request_digest: bytes) -> Order:
    if order.request_digest != request_digest:
        raise IdempotencyKeyReused
    return order
