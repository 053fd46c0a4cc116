"""Sessions in Redis: spares most checks the database, and is never needed for a right answer.

Redis may lose an entry, keep one it was told to delete, hang, or come back with old data; a replica may stop between
its read of PostgreSQL and its write here. So an entry tells when PostgreSQL was read, and counts for nothing once that
is half a second ago. That alone bounds how long an ended session lives on; deleting its entry only makes the end come
sooner. It needs the clocks of the replicas to agree to some milliseconds, as NTP makes them.
"""

import struct
import time
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from account import metrics
from account.domain import MAX_KNOWLEDGE_AGE, Role, Session
from account.redis_guard import RedisGuard

_PREFIX: Final = b"account:session:1:"
# When PostgreSQL was read, session, account, role, begin, end; ids as text, times in seconds since the epoch.
_ENTRY: Final = struct.Struct("!d36s36sBdd")
_ROLES: Final = tuple(Role)
_MAX_AGE_S: Final = MAX_KNOWLEDGE_AGE.total_seconds()
_LIFETIME_MS: Final = int(_MAX_AGE_S * 1000)


class SessionCache:
    """No method fails: without Redis nothing is found and nothing kept."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._guard = RedisGuard()

    async def read(self, token_hashes: Iterable[bytes]) -> dict[bytes, Session]:
        """The sessions that are known freshly enough, by token hash."""
        hashes = list(token_hashes)
        if not hashes:
            return {}
        keys = [_PREFIX + token_hash for token_hash in hashes]
        entries = await self._guard.attempt(lambda: self._redis.mget(keys)) or []
        # Looked up after the reply came, so that the time Redis took counts against the entry.
        now = time.time()
        found = {
            token_hash: session
            for token_hash, entry in zip(hashes, entries, strict=False)
            if isinstance(entry, bytes) and (session := _unpacked(token_hash, entry, now)) is not None
        }
        metrics.SESSION_LOOKUPS.labels("shared").inc(len(found))
        metrics.SESSION_LOOKUPS.labels("miss").inc(len(hashes) - len(found))
        return found

    async def write(self, sessions: Collection[Session], read_at: float) -> None:
        """Keep what PostgreSQL was asked for at `read_at`, or later."""
        if sessions:
            await self._guard.attempt(lambda: self._set_all(sessions, read_at))

    async def remove(self, token_hash: bytes) -> None:
        await self._guard.attempt(lambda: self._redis.delete(_PREFIX + token_hash))

    async def _set_all(self, sessions: Collection[Session], read_at: float) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for session in sessions:
            pipeline.set(_PREFIX + session.token_hash, _packed(session, read_at), px=_LIFETIME_MS)
        await pipeline.execute()


def _packed(session: Session, read_at: float) -> bytes:
    return _ENTRY.pack(
        read_at,
        session.session_id.encode(),
        session.account_id.encode(),
        _ROLES.index(session.role),
        session.created_at.timestamp(),
        session.expires_at.timestamp(),
    )


def _unpacked(token_hash: bytes, entry: bytes, now: float) -> Session | None:
    if len(entry) != _ENTRY.size:
        return None
    read_at, session_id, account_id, role, created_at, expires_at = _ENTRY.unpack(entry)
    age_s = now - read_at
    if not 0 <= age_s < _MAX_AGE_S:
        return None
    return Session(
        session_id=session_id.decode(),
        account_id=account_id.decode(),
        role=_ROLES[role],
        token_hash=token_hash,
        created_at=datetime.fromtimestamp(created_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        age=timedelta(seconds=age_s),
    )
