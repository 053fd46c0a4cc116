"""Finishes what dead replicas began: an open reservation is a decided order that may not be recorded yet.

Every replica looks. Two that find the same reservation do the same harmless thing, since recording is idempotent.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from order import metrics
from order.catalog import Catalog, Reservation
from order.checkout import Checkout

logger = logging.getLogger(__name__)

FINISH_EVERY_S: Final = 2.0
CLEAN_EVERY_S: Final = 600.0
# Older than any request can be under way, so that the living are left alone.
_MIN_AGE_MS: Final = 6_000
# All that the catalog lists at once: a backlog must be gone within 30 s.
_BATCH: Final = 1000
# As many as the catalog takes.
_MAX_SKIPPED: Final = 1000
# They share transactions. Enough for full ones, and no flood for the pool, which buyers use too.
_AT_ONCE: Final = 64


class Recovery:
    def __init__(self, catalog: Catalog, checkout: Checkout) -> None:
        self._catalog = catalog
        self._checkout = checkout
        self._known_odd: set[UUID] = set()

    async def finish_open_orders(self, min_age_ms: int = _MIN_AGE_MS) -> int:
        """Record the order of every open reservation of that age; returns how many were not recorded before.

        A reservation of which no order can be made is set aside for this round: it stays open, and stops no other.
        """
        enter(RequestContext())
        finished = 0
        set_aside: set[UUID] = set()
        while len(set_aside) <= _MAX_SKIPPED:
            reservations = await self._catalog.list_open_reservations(min_age_ms, _BATCH, set_aside)
            _tell([reservation for reservation in reservations if reservation.memo])
            outcomes: list[bool | None] = []
            for start in range(0, len(reservations), _AT_ONCE):
                outcomes += await asyncio.gather(*map(self._finish, reservations[start : start + _AT_ONCE]))
            finished += outcomes.count(True)
            odd = {each.order_id for each, outcome in zip(reservations, outcomes, strict=True) if outcome is None}
            set_aside |= odd
            if not odd or len(reservations) < _BATCH:
                break
        self._known_odd = set_aside
        metrics.UNREADABLE.set(len(set_aside))
        metrics.LAST_LOOK.set_to_current_time()
        return finished

    async def _finish(self, reservation: Reservation) -> bool | None:
        """Whether its order was not recorded before; None when no order can be made of it."""
        try:
            order, was_recorded = await self._checkout.finish(reservation)
        except Exception as error:
            if isinstance(error, Refusal) and error.concerns_all:
                raise
            self._report(reservation, error)
            return None
        if not was_recorded:
            metrics.RECOVERED.inc()
            logger.info("finished an order", extra={"order_id": str(order.order_id)})
        return not was_recorded

    def _report(self, reservation: Reservation, error: Exception) -> None:
        """Once, and without the memo: whoever wrote it, it may name a buyer."""
        if reservation.order_id not in self._known_odd:
            fields = {"order_id": str(reservation.order_id), "error": type(error).__name__}
            logger.error("reservation set aside, no order can be made of it", extra=fields)


def _tell(oldest_first: Sequence[Reservation]) -> None:
    metrics.UNSETTLED.set(len(oldest_first))
    metrics.UNSETTLED_AGE.set(time.time() - oldest_first[0].created_at.timestamp() if oldest_first else 0)
