"""The catalog over gRPC. Reservations and look-ups that come together travel together."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.batching import Batcher
from chassis.errors import Refusal
from chassis.grpc_client import call
from chassis.timestamps import to_datetime
from order.catalog import Item, Reservation, StockRequest
from order.domain import Memo, OrderLine
from order.errors import CartBought, CartEmpty, ItemNotFound, MixedCurrencies, OutOfStock

logger = logging.getLogger(__name__)

# Full orders of so many, with the longest ids, are a message that the catalog still takes.
_MAX_BATCH: Final = 128
_REFUSALS: Final = {
    pb.REFUSAL_REASON_OUT_OF_STOCK: OutOfStock,
    pb.REFUSAL_REASON_ITEM_NOT_FOUND: ItemNotFound,
    pb.REFUSAL_REASON_MIXED_CURRENCIES: MixedCurrencies,
}
_CART_REFUSALS: Final = {
    pb.REFUSAL_REASON_NO_LINES: CartEmpty,
    pb.REFUSAL_REASON_CLAIM_TAKEN: CartBought,
}


class CatalogClient:
    """Implements `order.catalog.Catalog`."""

    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)
        self._reservations: Batcher[StockRequest, Reservation] = Batcher(
            "reserve_stock_calls", self._reserve_together, max_size=_MAX_BATCH, max_in_flight=2
        )

    async def get_items(self, item_ids: Iterable[str]) -> dict[str, Item]:
        request = pb.BatchGetItemsRequest(item_ids=item_ids)
        response = await call(self._stub.BatchGetItems, request, pb.BatchGetItemsResponse)
        return {item.item_id: Item(item.item_id, item.name, item.price_cents, item.currency) for item in response.items}

    async def reserve(self, request: StockRequest) -> Reservation:
        return await self._reservations.submit(request)

    async def list_open_reservations(self, min_age_ms: int, limit: int) -> list[Reservation]:
        request = pb.ListOpenReservationsRequest(min_age_ms=min_age_ms, page_size=limit)
        response = await call(self._stub.ListOpenReservations, request, pb.ListOpenReservationsResponse)
        readable = map(_reservation_of_an_order, response.reservations)
        return [reservation for reservation in readable if reservation is not None]

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        request = pb.SettleReservationsRequest(order_ids=map(str, order_ids))
        await call(self._stub.SettleReservations, request, pb.SettleReservationsResponse)

    async def _reserve_together(self, requests: list[StockRequest]) -> list[Reservation | Exception]:
        # A batch may hold one order twice, when a client retries while its first request is running.
        unique = {request.order_id: request for request in requests}
        message = pb.ReserveStockRequest(requests=map(_stock_request, unique.values()))
        response = await call(self._stub.ReserveStock, message, pb.ReserveStockResponse)
        outcomes = {order_id: _outcome(result) for order_id, result in zip(unique, response.results, strict=True)}
        return [outcomes[request.order_id] for request in requests]


def _stock_request(request: StockRequest) -> pb.StockRequest:
    lines = (pb.OrderedLine(item_id=item_id, quantity=quantity) for item_id, quantity in request.lines.items())
    claim = str(request.claim) if request.claim else ""
    return pb.StockRequest(order_id=str(request.order_id), lines=lines, memo=request.memo.to_bytes(), claim=claim)


def _outcome(result: pb.StockResult) -> Reservation | Refusal:
    if result.HasField("reservation"):
        return _reservation(result.reservation)
    refusal = result.refusal
    if refusal.reason in _CART_REFUSALS:
        return _CART_REFUSALS[refusal.reason]()
    return _REFUSALS[refusal.reason](refusal.item_id)


def _reservation_of_an_order(message: pb.Reservation) -> Reservation | None:
    """None for one that was not made by an order service: nobody can finish it, and it must not stop the others."""
    try:
        return _reservation(message)
    except (TypeError, ValueError):
        logger.exception("reservation without a readable memo", extra={"order_id": message.order_id})
        return None


def _reservation(message: pb.Reservation) -> Reservation:
    lines = tuple(OrderLine(line.item_id, line.quantity, line.price_cents, line.seller_id) for line in message.lines)
    memo = Memo.from_bytes(message.memo)
    return Reservation(UUID(message.order_id), lines, message.currency, memo, to_datetime(message.create_time))
