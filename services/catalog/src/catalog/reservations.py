"""Use cases of stock: reserve it for orders, list what is still open, settle what is recorded."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from catalog import metrics
from catalog.copies import keys_of_items
from catalog.repository import Repository
from catalog.stock import Outcome, Reservation, StockRequest
from chassis.batching import Batcher
from chassis.errors import InvalidField
from chassis.invalidation import Invalidation

MAX_ORDERS: Final = 256
MAX_IDS: Final = 1000
MAX_AGE_MS: Final = 86_400_000


class Reservations:
    """Orders that arrive together are decided together: one transaction and one commit for the whole batch.

    Two batches may run at once, so that one waits for the commit of the other and not for the network.
    """

    def __init__(self, repository: Repository, invalidation: Invalidation) -> None:
        self._repository = repository
        self._invalidation = invalidation
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
        metrics.note_batch(requests, allocation)
        outcomes = [allocation.outcomes[request.order_id] for request in requests]
        # Also of reservations made earlier: who made them may have died before it came to this.
        await self._drop_copies(outcome for outcome in outcomes if isinstance(outcome, Reservation))
        return outcomes

    async def list_open(self, min_age_ms: int, limit: int) -> list[Reservation]:
        """Reservations of that age whose orders were not reported as recorded, oldest first."""
        if not 1 <= limit <= MAX_IDS:
            raise InvalidField("page_size", f"must be from 1 to {MAX_IDS}")
        if not 0 <= min_age_ms <= MAX_AGE_MS:
            raise InvalidField("min_age_ms", f"must be from 0 to {MAX_AGE_MS}")
        reservations = await self._repository.list_open_reservations(min_age_ms, limit)
        await self._drop_copies(reservations)
        return reservations

    async def _drop_copies(self, reservations: Iterable[Reservation]) -> None:
        item_ids = {line.item_id for reservation in reservations for line in reservation.lines}
        await self._invalidation.run(keys_of_items(item_ids))

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        if len(order_ids) > MAX_IDS:
            raise InvalidField("order_ids", f"must be at most {MAX_IDS}")
        await self._repository.settle_reservations(order_ids)
