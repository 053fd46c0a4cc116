"""The stream of votes as a member of its consumer group sees it.

What is delivered stays pending until it is acknowledged. A member that comes back first gets again what it had not
acknowledged; what a member that does not come back had, others claim.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from review.worker import metrics

# Named by the proto of AlbumVote; gateways append to it.
STREAM: Final = "album-votes"
GROUP: Final = "review-workers"
# The server waits this long for the first entry, so it is also how long a stop may have to wait.
_BLOCK_MS: Final = 500
_BATCH: Final = 5_000
# An answer may have to wait for the disk.
STREAM_TIMEOUT_S: Final = 5.0
_CLAIM_EVERY_S: Final = 2.0
# Longer than a live worker needs for a batch; should one need longer, its votes still count once.
_ABANDONED_AFTER_MS: Final = 10_000


class Entry(NamedTuple):
    entry_id: str
    fields: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is in the stream. `oldest_ms` is when the oldest entry that is not folded was appended, in Unix time."""

    appended: int
    backlog: int
    pending: int
    oldest_ms: int | None


class VoteStream:
    """Raises RedisError, OSError or TimeoutError when the server does not answer. `join` before anything else."""

    def __init__(self, redis: "Redis", consumer: str) -> None:
        self._redis = redis
        self._consumer = consumer
        self._has_unacknowledged = True
        self._claim_at = 0.0

    async def join(self) -> None:
        """Begin with what was delivered to this member and not acknowledged, by an earlier life of it or just now."""
        with suppress(ResponseError):  # the group is there
            await self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        self._has_unacknowledged = True

    async def read(self) -> list[Entry]:
        """The next entries; none when there are none for half a second."""
        if self._has_unacknowledged:
            entries = await self._read("0", None)
            self._has_unacknowledged = bool(entries)
            metrics.REDELIVERED.inc(len(entries))
        elif time.monotonic() >= self._claim_at:
            entries = await self._claim()
        else:
            return await self._read(">", _BLOCK_MS)
        return entries or await self._read(">", _BLOCK_MS)

    async def acknowledge(self, entries: Sequence[Entry]) -> None:
        await self._redis.xack(STREAM, GROUP, *(entry.entry_id for entry in entries))

    async def trim(self) -> StreamState:
        """Drop what every member has acknowledged, and tell what is left."""
        async with self._redis.pipeline(transaction=True) as snapshot:
            snapshot.xinfo_groups(STREAM)
            snapshot.xpending(STREAM, GROUP)
            groups, pending = await snapshot.execute()
        group = next(group for group in groups if group["name"] == GROUP.encode())
        oldest = pending["min"] if pending["pending"] else _next_id(group["last-delivered-id"])
        await self._redis.xtrim(STREAM, minid=oldest, approximate=False)
        return await self._state(group, pending["pending"])

    async def _state(self, group: Mapping[str, Any], pending: int) -> StreamState:
        stream = await self._redis.xinfo_stream(STREAM)
        # The server does not know the lag of a group when entries were deleted by hand.
        undelivered = stream["length"] if group["lag"] is None else group["lag"]
        first = stream["first-entry"]
        oldest_ms = int(first[0].partition(b"-")[0]) if first else None
        return StreamState(stream["entries-added"], pending + undelivered, pending, oldest_ms)

    async def _read(self, after: str, block_ms: int | None) -> list[Entry]:
        streams: dict[Any, Any] = {STREAM: after}
        answer: Any = await self._redis.xreadgroup(GROUP, self._consumer, streams, count=_BATCH, block=block_ms)
        return _entries(answer[0][1]) if answer else []

    async def _claim(self) -> list[Entry]:
        """What a member left pending that seems to be gone. Asks again at once as long as there may be more."""
        cursor, entries, _ = await self._redis.xautoclaim(
            STREAM, GROUP, self._consumer, _ABANDONED_AFTER_MS, count=_BATCH
        )
        self._claim_at = time.monotonic() + (_CLAIM_EVERY_S if cursor == b"0-0" else 0)
        metrics.REDELIVERED.inc(len(entries))
        return _entries(entries)


def _entries(answer: Sequence[tuple[bytes, Mapping[bytes, bytes] | None]]) -> list[Entry]:
    # An entry that was deleted by hand while it was pending has no fields any more.
    return [Entry(entry_id.decode(), fields or {}) for entry_id, fields in answer]


def _next_id(entry_id: bytes) -> str:
    milliseconds, _, number = entry_id.partition(b"-")
    return f"{milliseconds.decode()}-{int(number) + 1}"
