"""Tells the catalog, off the path of the buyer, which orders are recorded.

Nothing is lost when it is not told: the reservation stays open, and the recovery finds that its order stands.
"""

import logging
from typing import Final
from uuid import UUID

from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from order.catalog import Catalog

logger = logging.getLogger(__name__)

SETTLE_EVERY_S: Final = 0.5
_BATCH: Final = 1000
# Past this, telling is left to the recovery: a catalog that is away for long must not fill our memory.
_LIMIT: Final = 50_000


class Settlement:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._recorded: list[UUID] = []

    def add(self, order_id: UUID) -> None:
        if len(self._recorded) < _LIMIT:
            self._recorded.append(order_id)

    async def settle(self) -> None:
        """Settle what was added so far; what the catalog does not take now stays for the next time."""
        enter(RequestContext())
        try:
            while batch := self._recorded[:_BATCH]:
                await self._catalog.settle(batch)
                del self._recorded[: len(batch)]
        except Refusal as refusal:
            logger.warning("orders not settled, will try again", extra={"reason": refusal.reason})
