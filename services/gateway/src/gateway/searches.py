"""Searches that no index yields, after no cache had them: clients take turns, and anonymous ones have a budget."""

import time
from collections.abc import Callable
from typing import Final

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.fair_queue import FairQueue, Lane
from gateway.clients.catalog import Catalog
from gateway.refusals import SearchesBusy, SearchesCostly

# Enough for a few replicas of the catalog, each of which runs two (catalog.search). What waits there takes no turns.
_MAX_SEARCHES: Final = 8
_MAX_WAITING: Final = 512
# What may be taken at once, after a while without searches.
_BURST_S: Final = 2.0
_MAX_CLIENTS: Final = 10_000


class Searches:
    def __init__(self, catalog: Catalog, anonymous_share: float) -> None:
        """`anonymous_share` is the time that anonymous searches of one address may take, in seconds per second."""
        self._catalog = catalog
        self._queue = FairQueue("searches", _MAX_SEARCHES, _MAX_WAITING, SearchesBusy)
        self._budget = SearchBudget(anonymous_share)

    async def run(self, request: pb.SearchItemsRequest, account_id: str) -> pb.SearchItemsResponse:
        """Raises SearchesBusy."""
        async with self._queue.turn(Lane(account_id)):
            return await self._catalog.search_items(request)

    async def run_anonymous(self, request: pb.SearchItemsRequest, address: str) -> pb.SearchItemsResponse:
        """Raises SearchesBusy, SearchesCostly."""
        self._budget.check(address)
        async with self._queue.turn(Lane(address)):
            # Again, since those before it have been charged meanwhile.
            self._budget.check(address)
            started = time.perf_counter()
            try:
                return await self._catalog.search_items(request)
            finally:
                self._budget.charge(address, time.perf_counter() - started)


class SearchBudget:
    """Charges what searches cost once it is known: a cheap one is hardly noticed, whatever it looks like."""

    def __init__(self, share: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = share
        self._clock = clock
        self._paid_at: dict[str, float] = {}

    def check(self, address: str) -> None:
        """Raises SearchesCostly while the address has taken more than its burst and its share."""
        wait_s = self._paid_at.get(address, 0.0) - self._clock() - _BURST_S / self._share
        if wait_s > 0:
            raise SearchesCostly(wait_s)

    def charge(self, address: str, seconds: float) -> None:
        now = self._clock()
        self._paid_at[address] = max(now, self._paid_at.pop(address, now)) + seconds / self._share
        if len(self._paid_at) > _MAX_CLIENTS:
            del self._paid_at[next(iter(self._paid_at))]
