"""Sessions in this process's memory, since every frame is checked against them.

A session counts for half a second after PostgreSQL was read, and one that is ended here is over at once.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from account.attempts import Attempts
from account.domain import Session
from account.passwords import Passwords
from account.repository import Repository
from account.sessions import Sessions

_MAX_AGE_S: Final = 0.5
_MAX_SESSIONS: Final = 20_000
# Longer than any read that began before its session ended can take to come back.
_ENDED_S: Final = 15.0


class RememberedSessions(Sessions):
    def __init__(self, repository: Repository, passwords: Passwords, attempts: Attempts) -> None:
        super().__init__(repository, passwords, attempts)
        self._known: dict[bytes, tuple[float, Session]] = {}
        self._ended: dict[bytes, float] = {}

    async def live(self, token_hashes: Sequence[bytes]) -> list[Session]:
        # Taken before the query: a session that ends while it runs must not look newer than its end.
        read_at = time.monotonic()
        known = self._fresh(token_hashes, read_at - _MAX_AGE_S)
        missed = [token_hash for token_hash in token_hashes if token_hash not in known]
        if not missed:
            return list(known.values())
        stored = await super().live(missed)
        self._remember(stored, read_at)
        return [*known.values(), *stored]

    async def end(self, token_hash: bytes) -> None:
        await super().end(token_hash)
        now = time.monotonic()
        self._known.pop(token_hash, None)
        self._ended.pop(token_hash, None)
        self._ended[token_hash] = now
        while now - next(iter(self._ended.values())) > _ENDED_S:
            del self._ended[next(iter(self._ended))]

    def _fresh(self, token_hashes: Iterable[bytes], oldest: float) -> dict[bytes, Session]:
        return {
            token_hash: entry[1]
            for token_hash in token_hashes
            if (entry := self._known.get(token_hash)) is not None and entry[0] > oldest
        }

    def _remember(self, sessions: Iterable[Session], read_at: float) -> None:
        for session in sessions:
            # A read that began before the session ended may come back after it.
            if session.token_hash not in self._ended:
                self._known.pop(session.token_hash, None)
                self._known[session.token_hash] = (read_at, session)
        while len(self._known) > _MAX_SESSIONS:
            del self._known[next(iter(self._known))]
