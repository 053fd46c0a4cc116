"""Use cases of stock: decide orders, list reservations that are still open, settle what is recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from catalog import metrics
from catalog.copies import keys_of_items
from catalog.ledger import DecidingTransaction, ItemLocked, Ledger, LockedItems, was_decided_meanwhile
from catalog.stock import Allocation, Decision, Reservation, StockRequest, allocate
from chassis.batching import Batcher
from chassis.conflicts import retry_conflicts
from chassis.context import current
from chassis.errors import Aborted, InvalidField
from chassis.invalidation import Invalidation
from chassis.lanes import Lanes
from chassis.postgres_errors import StoreBusy

MAX_ORDERS: Final = 256
MAX_IDS: Final = 1000
MAX_AGE_MS: Final = 86_400_000
# Longer than the transactions of a busy shop hold an item, and short for a batch that waits behind a stuck one.
_BATCH_TIMEOUT_MS: Final = 100
# After this a stuck item gives its connection to the next one.
_LANE_TIMEOUT_MS: Final = 250


@dataclass(frozen=True, slots=True)
class Contended:
    """An order without a decision yet: another transaction holds this item."""

    item_id: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, until when its sender waits for it."""

    request: StockRequest
    deadline: float


Outcome = Decision | Contended | None
"""None when the sender's time was over before the work on the order began."""
_Lock = Callable[[DecidingTransaction, Collection[int]], Awaitable[LockedItems]]


class Reservations:
    """Orders that arrive together are decided together: one transaction and one commit for the whole batch.

    Two batches may run at once, so that one waits for the commit of the other and not for the network. A batch that
    meets an item which another transaction holds for long goes on without the orders of that item. These, and all that
    come until the item is free, wait in a lane of their own, and orders of other items never behind them
    (test_orders_of_free_items_pass_those_of_locked_ones). A lane waits for its item holding nothing else, and takes
    other items only if they are free, so lanes cannot deadlock.
    """

    def __init__(self, ledger: Ledger, invalidation: Invalidation) -> None:
        self._ledger = ledger
        self._invalidation = invalidation
        self._batcher: Batcher[_Asked, Outcome] = Batcher(
            "reserve_stock", self._decide_batch, max_size=MAX_ORDERS, max_in_flight=2
        )
        self._lanes: Lanes[int, _Asked, Outcome] = Lanes(
            "reserve_contended_stock", self._decide_lane, max_size=MAX_ORDERS, max_in_flight=1
        )
        self._stuck: set[int] = set()
        # Fewer than half of the pool's connections wait in lanes: batches and reads use the others.
        self._waiting = asyncio.Semaphore(max(1, ledger.connections // 2 - 1))

    async def reserve(
        self, requests: Sequence[StockRequest], *, takes_contended: bool = False, wait_item_id: int | None = None
    ) -> list[Outcome]:
        """One decision a request, in order. An order that was decided before keeps its decision.

        A sender who `takes_contended` gets the orders of stuck items back as Contended, except for those of the item
        `wait_item_id`, which is waited for.
        """
        if not 1 <= len(requests) <= MAX_ORDERS:
            raise InvalidField("requests", f"must be 1 to {MAX_ORDERS}")
        now, deadline = time.monotonic(), current().deadline
        asked = [_Asked(request, min(deadline, now + request.timeout_s)) for request in requests]
        try:
            return await self._reserve(asked, {wait_item_id} if takes_contended else None, wait_item_id)
        except StoreBusy:
            if len(requests) == 1:
                raise
            raise Aborted("one of the orders is being decided elsewhere, send them apart") from None

    async def _reserve(
        self, asked: Sequence[_Asked], waited_for: Collection[int | None] | None, wait_item_id: int | None
    ) -> list[Outcome]:
        lanes = [self._lane_of(each.request, wait_item_id) for each in asked]
        unstuck = [each for each, lane in zip(asked, lanes, strict=True) if lane is None]
        decided = iter(await self._batcher.submit_all(unstuck))
        outcomes: list[Outcome] = [next(decided) if lane is None else Contended(lane) for lane in lanes]
        contended = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Contended)]
        ends = await asyncio.gather(*(self._wait(asked[at], outcomes[at], waited_for) for at in contended))
        for place, end in zip(contended, ends, strict=True):
            outcomes[place] = end
        return outcomes

    def _lane_of(self, request: StockRequest, wait_item_id: int | None) -> int | None:
        if wait_item_id in request.lines:
            return wait_item_id
        return next((item_id for item_id in request.lines if item_id in self._stuck), None)

    async def _wait(self, asked: _Asked, outcome: Outcome, waited_for: Collection[int | None] | None) -> Outcome:
        """From lane to lane, as long as yet another item is stuck when the one that was waited for is not any more."""
        while isinstance(outcome, Contended) and (waited_for is None or outcome.item_id in waited_for):
            outcome = await self._lanes.submit(outcome.item_id, asked)
        return outcome

    async def _decide_batch(self, asked: list[_Asked]) -> Sequence[Outcome]:
        try:
            return await self._decide(asked, DecidingTransaction.lock)
        except ItemLocked:
            outcomes = await self._decide(asked, DecidingTransaction.lock_free)
            self._stuck.update(outcome.item_id for outcome in outcomes if isinstance(outcome, Contended))
            return outcomes

    async def _decide_lane(self, item_id: int, asked: list[_Asked]) -> Sequence[Outcome]:
        async def lock(ledger: DecidingTransaction, item_ids: Collection[int]) -> LockedItems:
            await ledger.lock([item_id])
            self._stuck.discard(item_id)
            return await ledger.lock_free(item_ids)

        async with self._waiting:
            try:
                return await self._decide(asked, lock, _LANE_TIMEOUT_MS)
            except ItemLocked:
                return [Contended(item_id)] * len(asked)

    async def _decide(
        self, asked: Sequence[_Asked], lock: _Lock, lock_timeout_ms: int = _BATCH_TIMEOUT_MS
    ) -> Sequence[Outcome]:
        decide = partial(self._decide_once, asked, lock, lock_timeout_ms)
        outcomes = await retry_conflicts(decide, _is_conflict)
        # Also of reservations made earlier: who made them may have died before it came to this.
        await self._drop_copies(outcome for outcome in outcomes if isinstance(outcome, Reservation))
        return outcomes

    async def _decide_once(self, asked: Sequence[_Asked], lock: _Lock, lock_timeout_ms: int) -> list[Outcome]:
        async with self._ledger.deciding(lock_timeout_ms) as ledger:
            locked = await lock(ledger, {item_id for each in asked for item_id in each.request.lines})
            # Nobody waits any more for the others: not deciding them keeps open what the next request is told
            # (test_an_order_is_not_decided_when_its_sender_left).
            awaited = [each.request for each in asked if each.deadline > time.monotonic()]
            known = await ledger.find_decisions(request.order_id for request in awaited)
            ready = [each for each in awaited if each.order_id in known or locked.contended.isdisjoint(each.lines)]
            allocation = allocate(ready, locked.items, known, await ledger.find_claims(ready), locked.locked_at)
            if allocation.made or allocation.rejected:
                await ledger.record(allocation, ready)
        metrics.note_batch(ready, allocation)
        metrics.CONTENDED.inc(len(awaited) - len(ready))
        return [_outcome(each.request, allocation, locked.contended) for each in asked]

    async def list_open(self, min_age_ms: int, limit: int, skip: Collection[UUID] = ()) -> list[Reservation]:
        """Reservations of that age whose orders were not reported as recorded, oldest first, without `skip`."""
        if not 1 <= limit <= MAX_IDS:
            raise InvalidField("page_size", f"must be from 1 to {MAX_IDS}")
        if not 0 <= min_age_ms <= MAX_AGE_MS:
            raise InvalidField("min_age_ms", f"must be from 0 to {MAX_AGE_MS}")
        if len(skip) > MAX_IDS:
            raise InvalidField("skip_order_ids", f"must be at most {MAX_IDS}")
        reservations = await self._ledger.list_open_reservations(min_age_ms, limit, skip)
        await self._drop_copies(reservations)
        return reservations

    async def _drop_copies(self, reservations: Iterable[Reservation]) -> None:
        item_ids = {line.item_id for reservation in reservations for line in reservation.lines}
        await self._invalidation.run(keys_of_items(item_ids))

    async def settle(self, order_ids: Sequence[UUID]) -> None:
        if len(order_ids) > MAX_IDS:
            raise InvalidField("order_ids", f"must be at most {MAX_IDS}")
        await self._ledger.settle_reservations(order_ids)


def _is_conflict(error: Exception) -> bool:
    if not was_decided_meanwhile(error):
        return False
    metrics.CONFLICTS.inc()
    return True


def _outcome(request: StockRequest, allocation: Allocation, contended: frozenset[int]) -> Outcome:
    decision = allocation.decisions.get(request.order_id)
    if decision is not None:
        return decision
    item_id = next((item_id for item_id in request.lines if item_id in contended), None)
    return None if item_id is None else Contended(item_id)
