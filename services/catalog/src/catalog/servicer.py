"""The catalog over gRPC: messages in, use case, messages out."""

import math
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid4

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer

from agora.catalog.v1 import catalog_pb2 as pb
from catalog import stock
from catalog.changes import ItemChange
from catalog.domain import Condition, Item, NewItem, Page, item_id_of
from catalog.items import MAX_NEW_ITEMS, Items
from catalog.reservations import Contended, Outcome, Reservations
from catalog.search import Search, SearchFilters
from chassis.errors import IdempotencyKeyReused, InvalidField, Refusal
from chassis.money import DEFAULT_CURRENCY
from chassis.timestamps import to_timestamp

_CONDITIONS: Final = {pb.CONDITION_NEW: Condition.NEW, pb.CONDITION_USED: Condition.USED}
_CONDITION_VALUES: Final = {condition: value for value, condition in _CONDITIONS.items()}
_REJECTIONS: Final = {
    stock.RejectionReason.OUT_OF_STOCK: pb.REFUSAL_REASON_OUT_OF_STOCK,
    stock.RejectionReason.ITEM_NOT_FOUND: pb.REFUSAL_REASON_ITEM_NOT_FOUND,
    stock.RejectionReason.MIXED_CURRENCIES: pb.REFUSAL_REASON_MIXED_CURRENCIES,
    stock.RejectionReason.NO_LINES: pb.REFUSAL_REASON_NO_LINES,
    stock.RejectionReason.CLAIM_TAKEN: pb.REFUSAL_REASON_CLAIM_TAKEN,
}


class CatalogServicer(CatalogServiceServicer):
    def __init__(self, items: Items, search: Search, reservations: Reservations) -> None:
        self._items = items
        self._search = search
        self._reservations = reservations

    async def RegisterItem(self, request: pb.RegisterItemRequest, context: Any) -> pb.RegisterItemResponse:
        [outcome] = await self._items.register([_new_item(request)])
        if isinstance(outcome, Refusal):
            raise outcome
        return pb.RegisterItemResponse(item=_item_message(outcome))

    async def BatchRegisterItems(
        self, request: pb.BatchRegisterItemsRequest, context: Any
    ) -> pb.BatchRegisterItemsResponse:
        if not 1 <= len(request.requests) <= MAX_NEW_ITEMS:
            raise InvalidField("requests", f"must be 1 to {MAX_NEW_ITEMS}")
        described = [_new_item_or_refusal(message) for message in request.requests]
        outcomes = iter(await self._items.register([new for new in described if isinstance(new, NewItem)]))
        return pb.BatchRegisterItemsResponse(
            results=(_register_result(next(outcomes) if isinstance(new, NewItem) else new) for new in described)
        )

    async def UpdateItem(self, request: pb.UpdateItemRequest, context: Any) -> pb.UpdateItemResponse:
        return pb.UpdateItemResponse(item=_item_message(await self._items.update(_item_change(request))))

    async def BatchGetItems(self, request: pb.BatchGetItemsRequest, context: Any) -> pb.BatchGetItemsResponse:
        return pb.BatchGetItemsResponse(items=map(_item_message, await self._items.get(request.item_ids)))

    async def SearchItems(self, request: pb.SearchItemsRequest, context: Any) -> pb.SearchItemsResponse:
        page = await self._search.page(_filters(request), request.page_size, request.page_token)
        return pb.SearchItemsResponse(items=_page_messages(page), next_page_token=page.next_page_token)

    async def ListSellerItems(self, request: pb.ListSellerItemsRequest, context: Any) -> pb.ListSellerItemsResponse:
        page = await self._items.list_of_seller(request.seller_id, request.page_size, request.page_token)
        return pb.ListSellerItemsResponse(items=_page_messages(page), next_page_token=page.next_page_token)

    async def ReserveStock(self, request: pb.ReserveStockRequest, context: Any) -> pb.ReserveStockResponse:
        outcomes = await self._reservations.reserve(
            [_stock_request(message) for message in request.requests],
            takes_contended=request.takes_contended,
            wait_item_id=item_id_of(request.wait_item_id),
        )
        return pb.ReserveStockResponse(results=map(_result_message, outcomes))

    async def ListOpenReservations(
        self, request: pb.ListOpenReservationsRequest, context: Any
    ) -> pb.ListOpenReservationsResponse:
        skip = [_uuid("skip_order_ids", text) for text in request.skip_order_ids]
        reservations = await self._reservations.list_open(request.min_age_ms, request.page_size, skip)
        return pb.ListOpenReservationsResponse(reservations=map(_reservation_message, reservations))

    async def SettleReservations(
        self, request: pb.SettleReservationsRequest, context: Any
    ) -> pb.SettleReservationsResponse:
        await self._reservations.settle([_uuid("order_ids", text) for text in request.order_ids])
        return pb.SettleReservationsResponse()


def _new_item(request: pb.RegisterItemRequest) -> NewItem:
    if request.condition not in _CONDITIONS:
        raise InvalidField("condition", "must be new or used")
    return NewItem(
        seller_id=request.seller_id,
        request_id=request.request_id,
        name=request.name,
        category=request.category,
        keywords=tuple(request.keywords),
        condition=_CONDITIONS[request.condition],
        price_cents=request.price_cents,
        currency=request.currency or DEFAULT_CURRENCY,
        quantity=request.quantity,
    )


def _new_item_or_refusal(request: pb.RegisterItemRequest) -> NewItem | InvalidField:
    try:
        return _new_item(request)
    except InvalidField as refusal:
        return refusal


def _register_result(outcome: Item | InvalidField | IdempotencyKeyReused) -> pb.RegisterResult:
    if isinstance(outcome, Item):
        return pb.RegisterResult(item=_item_message(outcome))
    problem = outcome.metadata.get("problem", outcome.message)
    return pb.RegisterResult(
        refusal=pb.FieldError(field=outcome.metadata["field"], problem=problem, reason=outcome.reason)
    )


def _item_change(request: pb.UpdateItemRequest) -> ItemChange:
    return ItemChange(
        item_id=request.item_id,
        seller_id=request.seller_id,
        request_id=request.request_id or str(uuid4()),
        price_cents=request.price_cents if request.HasField("price_cents") else None,
        quantity=request.quantity if request.HasField("quantity") else None,
        quantity_delta=request.quantity_delta if request.HasField("quantity_delta") else None,
        expected_versions=request.expected_versions,
    )


def _filters(request: pb.SearchItemsRequest) -> SearchFilters:
    return SearchFilters(
        category=request.category if request.HasField("category") else None,
        keywords=tuple(request.keywords),
        topic=request.topic or None,
        text=request.text or None,
    )


def _stock_request(message: pb.StockRequest) -> stock.StockRequest:
    lines: dict[int, int] = {}
    unknown = ""
    for line in message.lines:
        number = item_id_of(line.item_id)
        if number is None:
            unknown = unknown or line.item_id
        else:
            lines[number] = lines.get(number, 0) + line.quantity
    claim = _uuid("claim", message.claim) if message.claim else None
    timeout_s = message.timeout_ms / 1000 if message.timeout_ms else math.inf
    return stock.StockRequest(_uuid("order_id", message.order_id), lines, message.memo, unknown, claim, timeout_s)


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidField(field, "must be a UUID") from None


def _item_message(item: Item) -> pb.Item:
    return pb.Item(
        item_id=str(item.item_id),
        name=item.name,
        category=item.category,
        keywords=item.keywords,
        condition=_CONDITION_VALUES[item.condition],
        price_cents=item.price_cents,
        currency=item.currency,
        quantity=item.quantity,
        seller_id=item.seller_id,
        topic=item.topic or "",
        create_time=to_timestamp(item.created_at),
        version=item.version,
    )


def _page_messages(page: Page) -> Iterable[pb.Item]:
    return map(_item_message, page.items)


def _result_message(outcome: Outcome) -> pb.StockResult:
    match outcome:
        case stock.Reservation():
            return pb.StockResult(reservation=_reservation_message(outcome))
        case stock.Rejection():
            reason = _REJECTIONS[outcome.reason]
            return pb.StockResult(refusal=pb.Refusal(reason=reason, item_id=outcome.item_id, memo=outcome.memo))
        case Contended():
            return pb.StockResult(contended=pb.Contended(item_id=str(outcome.item_id)))
        case None:
            return pb.StockResult()


def _reservation_message(reservation: stock.Reservation) -> pb.Reservation:
    return pb.Reservation(
        order_id=str(reservation.order_id),
        lines=(
            pb.ReservedLine(
                item_id=str(line.item_id),
                quantity=line.quantity,
                price_cents=line.price_cents,
                seller_id=line.seller_id,
                name=line.name,
            )
            for line in reservation.lines
        ),
        currency=reservation.currency,
        memo=reservation.memo,
        create_time=to_timestamp(reservation.created_at),
    )
