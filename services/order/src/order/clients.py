"""The catalog over gRPC. Reservations and look-ups that come together travel together."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Final
from uuid import UUID

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.batching import Batcher
from chassis.context import current
from chassis.errors import DeadlineExceeded
from chassis.grpc_client import call
from chassis.lanes import Lanes
from chassis.timestamps import to_datetime
from order.catalog import Decision, Item, Rejection, Reservation, StockRequest
from order.domain import Memo, OrderLine
from order.errors import rejection_error

# Full orders of so many, with the longest ids, are a message that the catalog still takes.
_MAX_BATCH: Final = 128
_REASON_PREFIX: Final = "REFUSAL_REASON_"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, until when its sender waits for it: its batch may live longer."""

    request: StockRequest
    deadline: float


@dataclass(frozen=True, slots=True)
class _Contended:
    """An order without a decision yet: another transaction holds this item."""

    item_id: str


_Outcome = Decision | _Contended


class CatalogClient:
    """Implements `order.catalog.Catalog`.

    Orders of an item that is stuck travel in calls of their own, so that an answer to the others never waits for them
    (test_orders_of_free_items_pass_those_of_locked_ones).
    """

    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)
        self._batcher: Batcher[_Asked, _Outcome] = Batcher(
            "reserve_stock_calls", partial(self._reserve_together, ""), max_size=_MAX_BATCH, max_in_flight=2
        )
        # While the catalog decides one call of a lane, the next one waits there.
        self._lanes: Lanes[str, _Asked, _Outcome] = Lanes(
            "reserve_contended_stock_calls", self._reserve_contended, max_size=_MAX_BATCH, max_in_flight=2
        )
        self._stuck: set[str] = set()

    async def get_items(self, item_ids: Iterable[str]) -> dict[str, Item]:
        request = pb.BatchGetItemsRequest(item_ids=item_ids)
        response = await call(self._stub.BatchGetItems, request, pb.BatchGetItemsResponse)
        return {item.item_id: Item(item.item_id, item.name, item.price_cents, item.currency) for item in response.items}

    async def reserve(self, request: StockRequest) -> Decision:
        asked = _Asked(request, current().deadline)
        lane = next((item_id for item_id in request.lines if item_id in self._stuck), None)
        outcome = await self._batcher.submit(asked) if lane is None else _Contended(lane)
        while isinstance(outcome, _Contended):
            self._stuck.add(outcome.item_id)
            outcome = await self._lanes.submit(outcome.item_id, asked)
        return outcome

    async def list_open_reservations(
        self, min_age_ms: int, limit: int, skip: Collection[UUID] = ()
    ) -> list[Reservation]:
        request = pb.ListOpenReservationsRequest(min_age_ms=min_age_ms, page_size=limit, skip_order_ids=map(str, skip))
        response = await call(self._stub.ListOpenReservations, request, pb.ListOpenReservationsResponse)
        return list(map(_reservation, response.reservations))

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        request = pb.SettleReservationsRequest(order_ids=map(str, order_ids))
        await call(self._stub.SettleReservations, request, pb.SettleReservationsResponse)

    async def _reserve_contended(self, item_id: str, asked: list[_Asked]) -> list[_Outcome | Exception]:
        outcomes = await self._reserve_together(item_id, asked)
        # The catalog waited for it.
        self._stuck.discard(item_id)
        return outcomes

    async def _reserve_together(self, wait_item_id: str, asked: list[_Asked]) -> list[_Outcome | Exception]:
        # A batch may hold one order twice, when a client retries while its first request is running.
        unique = {each.request.order_id: each for each in sorted(asked, key=attrgetter("deadline"))}
        message = pb.ReserveStockRequest(
            requests=map(_stock_request, unique.values()), takes_contended=True, wait_item_id=wait_item_id
        )
        response = await call(self._stub.ReserveStock, message, pb.ReserveStockResponse)
        outcomes = {order_id: _outcome(result) for order_id, result in zip(unique, response.results, strict=True)}
        return [outcomes[each.request.order_id] for each in asked]


def _stock_request(asked: _Asked) -> pb.StockRequest:
    request = asked.request
    return pb.StockRequest(
        order_id=str(request.order_id),
        lines=(pb.OrderedLine(item_id=item_id, quantity=quantity) for item_id, quantity in request.lines.items()),
        memo=request.memo.to_bytes(),
        claim=str(request.claim) if request.claim else "",
        timeout_ms=max(1, int((asked.deadline - time.monotonic()) * 1000)),
    )


def _outcome(result: pb.StockResult) -> _Outcome | Exception:
    """An error, which concerns this order alone, when the catalog gives a reason that is not known here."""
    match result.WhichOneof("outcome"):
        case "reservation":
            return _reservation(result.reservation)
        case "contended":
            return _Contended(result.contended.item_id)
        case None:
            return DeadlineExceeded("the deadline passed")
    refusal = result.refusal
    reason = pb.RefusalReason.Name(refusal.reason).removeprefix(_REASON_PREFIX)
    try:
        error = rejection_error(reason, refusal.item_id)
    except LookupError as unknown:
        return unknown
    return Rejection(error, Memo.from_bytes(refusal.memo))


def _reservation(message: pb.Reservation) -> Reservation:
    lines = tuple(
        OrderLine(line.item_id, line.quantity, line.price_cents, line.seller_id, line.name) for line in message.lines
    )
    memo = Memo.from_bytes(message.memo)
    return Reservation(UUID(message.order_id), lines, message.currency, memo, to_datetime(message.create_time))
