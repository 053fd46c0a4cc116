"""Sessions as requests present them, with a memory so short that a busy session costs a call only now and then."""

import time
from collections.abc import Callable
from typing import Final

from gateway.clients.account import Accounts, Session

# From when the account service was asked: within the second in which every gateway must know of a logout elsewhere.
_FRESH_S: Final = 0.9
_MAX_REMEMBERED: Final = 20_000
# Longer than any look-up that was sent before its session ended can take to come back, and than the lag of the account
# service's replicas.
_ENDED_S: Final = 15.0


class Sessions:
    """Finds live sessions by the SHA-256 of their token.

    A session that was ended here is over at once, whatever a look-up in flight or a lagging replica says
    (see test_a_look_up_in_flight_during_logout_does_not_revive_the_session).
    """

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._clock = clock
        self._seen: dict[bytes, tuple[float, Session]] = {}
        self._ended: dict[bytes, float] = {}

    async def find(self, token_hash: bytes) -> Session | None:
        now = self._clock()
        seen = self._seen.get(token_hash)
        if seen is not None and now - seen[0] < _FRESH_S:
            return seen[1]
        session = await self._accounts.find_session(token_hash)
        if token_hash in self._ended:
            return None
        self._remember(token_hash, now, session)
        return session

    async def end(self, token_hash: bytes) -> None:
        await self._accounts.delete_session(token_hash)
        self._seen.pop(token_hash, None)
        self._ended[token_hash] = self._clock()
        while self._clock() - next(iter(self._ended.values())) > _ENDED_S:
            del self._ended[next(iter(self._ended))]

    def _remember(self, token_hash: bytes, asked_at: float, session: Session | None) -> None:
        self._seen.pop(token_hash, None)
        if session is not None:
            # It was true at that time for certain, and may not be any more.
            self._seen[token_hash] = (asked_at, session)
            if len(self._seen) > _MAX_REMEMBERED:
                del self._seen[next(iter(self._seen))]
