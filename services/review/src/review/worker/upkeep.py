"""Upkeep of the stream and of what is remembered of it: trims, forgets, and tells how far the counting is behind."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from review.likes.repository import Repository
from review.worker import metrics
from review.worker.stream import StreamState, VoteStream

# How long a vote that comes again is known, counted from when it was counted.
REMEMBERED_FOR: Final = timedelta(hours=1)
KEEP_EVERY_S: Final = 1.0
# Ten times what the counting was ever seen to add in that second.
_FORGOTTEN_AT_ONCE: Final = 50_000


class Upkeep:
    def __init__(self, stream: VoteStream, repository: Repository) -> None:
        self._stream = stream
        self._repository = repository

    async def run(self) -> None:
        state = await self._stream.trim()
        _tell(state)
        await self._repository.forget_counted(_forgettable(state), _FORGOTTEN_AT_ONCE)
        metrics.PARKED.set(await self._repository.count_parked())


def _forgettable(state: StreamState) -> datetime:
    """Nothing that is still in the stream may be forgotten, however long it waits: it may have been counted already."""
    remembered = datetime.now(UTC) - REMEMBERED_FOR
    if state.oldest_ms is None:
        return remembered
    return min(remembered, datetime.fromtimestamp(state.oldest_ms / 1000, UTC))


def _tell(state: StreamState) -> None:
    metrics.APPENDED.set(state.appended)
    metrics.BACKLOG.set(state.backlog)
    metrics.PENDING.set(state.pending)
    age = 0.0 if state.oldest_ms is None else time.time() - state.oldest_ms / 1000
    metrics.OLDEST_AGE.set(max(0.0, age))
