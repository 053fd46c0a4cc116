"""Use cases of stock: reserve it for orders, list what is still open, settle what is recorded."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from catalog.repository import Repository
from catalog.stock import Outcome, Reservation, StockRequest
from chassis.batching import Batcher
from chassis.errors import InvalidField

MAX_ORDERS: Final = 256
MAX_IDS: Final = 1000


class Reservations:
    """Orders that arrive together are decided together: one transaction and one commit for the whole batch.

    Two batches may run at once, so that one waits for the commit of the other and not for the network.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._batcher: Batcher[StockRequest, Outcome] = Batcher(
            "reserve_stock", self._reserve_together, max_size=MAX_ORDERS, max_in_flight=2
        )

    async def reserve(self, requests: Sequence[StockRequest]) -> list[Outcome]:
        """One outcome a request, in order. A reservation that exists is returned as it is."""
        if not 1 <= len(requests) <= MAX_ORDERS:
            raise InvalidField("requests", f"must be 1 to {MAX_ORDERS}")
        return await self._batcher.submit_all(requests)

    async def _reserve_together(self, requests: list[StockRequest]) -> list[Outcome]:
        allocation = await self._repository.reserve(requests)
        return [allocation.outcomes[request.order_id] for request in requests]

    async def list_open(self, min_age_ms: int, limit: int) -> list[Reservation]:
        """Reservations of that age whose orders were not reported as recorded, oldest first."""
        if not 1 <= limit <= MAX_IDS:
            raise InvalidField("page_size", f"must be from 1 to {MAX_IDS}")
        if min_age_ms < 0:
            raise InvalidField("min_age_ms", "must not be negative")
        return await self._repository.list_open_reservations(min_age_ms, limit)

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        if len(order_ids) > MAX_IDS:
            raise InvalidField("order_ids", f"must be at most {MAX_IDS}")
        await self._repository.settle_reservations(order_ids)
