"""Votes on albums, on their way into the durable stream.

A vote is answered when the stream's server has it on disk. The votes of one turn of the loop are appended by one
command, all or none, and so share one write to the disk.

When the answer of the server is lost, nobody knows whether it has the votes. They are then sent again until that is
known, and since each has an id, the workers count it once. Whoever comes meanwhile is told at once that the stream is
down.
"""

import asyncio
import hashlib
import logging
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, RedisError, ResponseError

from agora.review.v1 import like_pb2 as pb
from chassis.batching import Batcher
from chassis.context import current
from chassis.errors import DeadlineExceeded, ResourceExhausted, Unavailable
from gateway.metrics import VOTES_ACCEPTED

logger = logging.getLogger(__name__)

# Named by the proto of AlbumVote; review workers read it.
_STREAM: Final = "album-votes"
# An answer has to wait for the disk.
STREAM_TIMEOUT_S: Final = 2.0
_MAX_TOGETHER: Final = 256
# While one command waits for the disk, the next is put together.
_MAX_IN_FLIGHT: Final = 2
_PAUSE_S: Final = 0.1
# The stream holds little more than what is not counted yet, so its length is the backlog.
_APPEND: Final = """
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  return 0
end
for i = 2, #ARGV, 2 do
  redis.call('XADD', KEYS[1], '*', 'vote', ARGV[i], 'traceparent', ARGV[i + 1])
end
return 1
"""
_LOST: Final = (RedisError, OSError, TimeoutError)

OPINIONS: Final = {"like": pb.OPINION_LIKE, "dislike": pb.OPINION_DISLIKE}


class _Entry(NamedTuple):
    """A vote, and the span that cast it: who counts it belongs to the same trace."""

    vote: bytes
    traceparent: str


class StreamDown(Unavailable):
    reason = "STREAM_DOWN"

    def __init__(self) -> None:
        super().__init__("votes cannot be taken now, and this one was not; try again")


class BacklogFull(ResourceExhausted):
    reason = "BACKLOG_FULL"

    def __init__(self) -> None:
        super().__init__("too many votes wait to be counted, and this one was not taken; try again")


class Votes:
    """Needs a client of the stream's server; `max_backlog` votes may wait to be counted."""

    def __init__(self, stream: "Redis", max_backlog: int) -> None:
        self._pool: Any = stream.connection_pool  # its methods are untyped
        self._max_backlog = max_backlog
        self._unanswered = 0
        self._batcher: Batcher[_Entry, None] = Batcher(
            "votes", self._append, max_size=_MAX_TOGETHER, max_in_flight=_MAX_IN_FLIGHT
        )

    async def cast(self, album_id: str, verb: str, request_id: str) -> None:
        """Return once the vote is stored for good. Those with the same request id, album and verb are one vote.

        Raises StreamDown, BacklogFull, and DeadlineExceeded when it is not known whether the vote is stored.
        """
        if self._unanswered:
            raise StreamDown
        vote = pb.AlbumVote(vote_id=_vote_id(album_id, verb, request_id), album_id=album_id, opinion=OPINIONS[verb])
        span = current().span
        await self._batcher.submit(_Entry(vote.SerializeToString(), span.traceparent if span is not None else ""))
        VOTES_ACCEPTED.inc()

    async def _append(self, votes: list[_Entry]) -> list[Exception | None]:
        try:
            connection = await self._pool.get_connection()
        except _LOST:
            raise StreamDown from None
        try:
            appended = await self._send(connection, votes)
        except (ResponseError, BusyLoadingError) as error:  # understood and refused, as when the disk is full
            logger.warning("stream refuses votes", extra={"error": str(error)})
            raise StreamDown from None
        except _LOST:
            appended = await self._send_until_answered(votes)
        if not appended:
            return [BacklogFull()] * len(votes)
        return [None] * len(votes)

    async def _send_until_answered(self, votes: list[_Entry]) -> bool:
        """Within the deadline of the most patient voter; the others are told by then that nobody knows."""
        self._unanswered += 1
        logger.warning("stream did not answer", extra={"votes": len(votes)})
        try:
            while current().remaining():
                await asyncio.sleep(_PAUSE_S)
                try:
                    return await self._send(await self._pool.get_connection(), votes)
                except _LOST:
                    continue
            raise DeadlineExceeded("the stream did not answer in time; the vote may be stored")
        finally:
            self._unanswered -= 1

    async def _send(self, connection: Any, votes: list[_Entry]) -> bool:
        fields = (field for entry in votes for field in entry)
        try:
            await connection.send_command("EVAL", _APPEND, 1, _STREAM, self._max_backlog, *fields)
            return bool(await connection.read_response())
        except ResponseError:
            raise
        except BaseException:
            # Its answer may still come, and would be taken for that of the next command.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)


def _vote_id(album_id: str, verb: str, request_id: str) -> bytes:
    return hashlib.blake2b(f"{verb} {album_id} {request_id}".encode(), digest_size=16).digest()
