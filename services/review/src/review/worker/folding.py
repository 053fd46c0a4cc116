"""Use case: fold votes into the counts, each exactly once in effect.

A batch is counted in one transaction that also remembers the ids of its votes, and acknowledged after the commit. A
worker that dies in between leaves the batch to be delivered again; then every id is known, and nothing is added.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from chassis.context import RequestContext, enter
from chassis.tracing import JointWork, Kind, Span, sender_of
from review.errors import UncountableVotes
from review.likes.repository import Parked, Repository
from review.worker import metrics
from review.worker.copies import Copies
from review.worker.entries import content_of, examine
from review.worker.stream import Entry, VoteStream

logger = logging.getLogger(__name__)

_FOLD_WITHIN_S: Final = 5.0
# Between two batches readers get to use their copies of the counts, and the next batch gets fuller.
_PACE_S: Final = 0.1


class Folding:
    def __init__(self, stream: VoteStream, repository: Repository, copies: Copies) -> None:
        self._stream = stream
        self._repository = repository
        self._copies = copies

    async def run(self, stopping: asyncio.Event) -> None:
        """Fold until the event is set, and end with a whole batch. Raises when a store is away; then call it again."""
        await self._stream.join()
        while not stopping.is_set():
            await self._fold_next()

    async def _fold_next(self) -> None:
        entries = await self._stream.read()
        started = time.monotonic()
        if entries:
            await self.fold(entries)
            await self._stream.acknowledge(entries)
            await asyncio.sleep(max(0.0, started + _PACE_S - time.monotonic()))

    async def fold(self, entries: Sequence[Entry]) -> None:
        """Count the votes, and park the entries that cannot be counted: one must not hold up the others."""
        try:
            await self._fold_together(entries)
        except UncountableVotes as error:
            if len(entries) == 1:
                await self._park([Parked(entries[0].entry_id, content_of(entries[0]), str(error))])
            else:
                middle = len(entries) // 2
                await self.fold(entries[:middle])
                await self.fold(entries[middle:])

    async def _fold_together(self, entries: Sequence[Entry]) -> None:
        work = JointWork("fold_votes", map(_voter, entries), Kind.CONSUMER)
        enter(RequestContext(deadline=time.monotonic() + _FOLD_WITHIN_S, span=work.place))
        try:
            await self._fold(entries)
        finally:
            work.end({"messaging.batch.message_count": len(entries)})

    async def _fold(self, entries: Sequence[Entry]) -> None:
        votes, parked = examine(entries)
        async with self._repository.transaction() as transaction:
            counted = await self._repository.count(transaction, votes)
            await self._copies.hold(counted.album_ids)
        # Also of votes counted before: this may have failed then, after the commit.
        await self._copies.release(list({vote.album_id for vote in votes}))
        metrics.COUNTED.inc(counted.votes)
        metrics.REPEATED.inc(len(votes) - counted.votes)
        await self._park(parked)

    async def _park(self, parked: Sequence[Parked]) -> None:
        if parked:
            await self._repository.park(parked)
        for entry in parked:
            logger.error("parked an entry that is no vote", extra={"entry": entry.entry_id, "problem": entry.problem})


def _voter(entry: Entry) -> Span | None:
    """The span of the request that cast the vote."""
    return sender_of(entry.fields.get(b"traceparent", b"").decode("latin-1"))
