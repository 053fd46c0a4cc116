"""Sessions in this process's memory, where the account service keeps them in Redis, by the same rule: what is known of
a session counts for half a second after PostgreSQL was read, and a session that is ended here is over at once.
"""

import time
from collections.abc import Collection, Iterable
from typing import Final

from account.domain import MAX_KNOWLEDGE_AGE, Session
from account.session_cache import SessionCache

_MAX_AGE_S: Final = MAX_KNOWLEDGE_AGE.total_seconds()
_MAX_SESSIONS: Final = 20_000
# Longer than any read that began before its session ended can take to come back.
_ENDED_S: Final = 15.0


class SessionMemory(SessionCache):
    """Takes the place of the cache that `account.sessions` asks first."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[float, Session]] = {}
        self._ended: dict[bytes, float] = {}

    async def read(self, token_hashes: Iterable[bytes]) -> dict[bytes, Session]:
        oldest = time.time() - _MAX_AGE_S
        known = self._known
        return {
            token_hash: entry[1]
            for token_hash in token_hashes
            if (entry := known.get(token_hash)) is not None and entry[0] > oldest
        }

    async def write(self, sessions: Collection[Session], read_at: float) -> None:
        for session in sessions:
            # A read that began before the session ended may come back after it.
            if self._ended.get(session.token_hash, 0.0) < read_at:
                self._known.pop(session.token_hash, None)
                self._known[session.token_hash] = (read_at, session)
        while len(self._known) > _MAX_SESSIONS:
            del self._known[next(iter(self._known))]

    async def remove(self, token_hash: bytes) -> None:
        now = time.time()
        self._known.pop(token_hash, None)
        self._ended.pop(token_hash, None)
        self._ended[token_hash] = now
        while now - next(iter(self._ended.values())) > _ENDED_S:
            del self._ended[next(iter(self._ended))]
