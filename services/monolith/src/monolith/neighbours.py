"""What one service asks of another, as calls in this process instead of gRPC."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from catalog import stock
from catalog.domain import item_id_of
from catalog.items import Items
from catalog.reservations import Reservations
from chassis.errors import DeadlineExceeded
from order.catalog import Decision, Item, Rejection, Reservation, StockRequest
from order.domain import Memo, OrderLine
from order.errors import PurchaseNotFound, rejection_error
from order.history import History
from review.errors import ItemNotBought
from review.orders import Orders


class CatalogOfOrders:
    """Implements `order.catalog.Catalog` over the catalog's use cases."""

    def __init__(self, items: Items, reservations: Reservations) -> None:
        self._items = items
        self._reservations = reservations

    async def get_items(self, item_ids: Iterable[str]) -> dict[str, Item]:
        found = await self._items.get(list(item_ids))
        return {
            str(item.item_id): Item(str(item.item_id), item.name, item.price_cents, item.currency) for item in found
        }

    async def reserve(self, request: StockRequest) -> Decision:
        (outcome,) = await self._reservations.reserve([_stock_request(request)])
        match outcome:
            case stock.Reservation():
                return _reservation(outcome)
            case stock.Rejection():
                error = rejection_error(outcome.reason.value, outcome.item_id)
                return Rejection(error, Memo.from_bytes(outcome.memo))
        raise DeadlineExceeded("the deadline passed")

    async def list_open_reservations(
        self, min_age_ms: int, limit: int, skip: Collection[UUID] = ()
    ) -> list[Reservation]:
        return [_reservation(each) for each in await self._reservations.list_open(min_age_ms, limit, skip)]

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        await self._reservations.settle(order_ids)


class OrdersOfReviews(Orders):
    """`review.orders.Orders` over the order service's use case."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def seller_of_purchase(self, buyer_id: str, item_id: str) -> str:
        try:
            return await self._history.seller_of_purchase(buyer_id, item_id)
        except PurchaseNotFound:
            raise ItemNotBought(item_id) from None


def _stock_request(request: StockRequest) -> stock.StockRequest:
    numbers = {item_id: item_id_of(item_id) for item_id in request.lines}
    lines = {number: request.lines[item_id] for item_id, number in numbers.items() if number is not None}
    unknown = next((item_id for item_id, number in numbers.items() if number is None), "")
    return stock.StockRequest(request.order_id, lines, request.memo.to_bytes(), unknown, request.claim)


def _reservation(reservation: stock.Reservation) -> Reservation:
    lines = tuple(
        OrderLine(str(line.item_id), line.quantity, line.price_cents, line.seller_id, line.name)
        for line in reservation.lines
    )
    memo = Memo.from_bytes(reservation.memo)
    return Reservation(reservation.order_id, lines, reservation.currency, memo, reservation.created_at)
