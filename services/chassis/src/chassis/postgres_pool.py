"""asyncpg's pool, with connections kept at hand.

asyncpg gives a connection out and takes it back by way of timers and a task, at an eighth of the CPU of a look-up by
key. A connection that served well and that nobody waits for is therefore kept for the next who needs one.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

# How long a query that was broken off may take to end before its connection is closed instead.
CLEAN_UP_S: Final = 0.5
_CLOSE_S: Final = 5.0
# Longer than a request uses a connection.
_RENEWAL_S: Final = 5.0
# Of every session of a service, wherever it runs: no lock outlives its owner by more, and no statement its request. An
# order waits at most `lock_timeout` for a row and is then told to come back, well within its deadline
# (see docs/availability.md).
_SESSION_SETTINGS: Final = {
    "jit": "off",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "5s",
    "statement_timeout": "10s",
}


class Pool:
    def __init__(self, pool: "asyncpg.Pool[Record]") -> None:
        self._pool = pool
        self._at_hand: list[PoolConnectionProxy[Record]] = []
        self._waiting = 0
        self._renewing_until = 0.0
        self.is_closing = False

    @classmethod
    async def open(cls, dsn: str, *, size: int, application_name: str) -> "Pool":
        """At most `size` connections. None is opened before it is needed, so this never fails."""
        return cls(
            await asyncpg.create_pool(
                dsn,
                min_size=0,
                max_size=size,
                timeout=3.0,
                reset=_keep,
                # Connections that were needed once are kept: their timer would be set and cancelled with every query.
                max_inactive_connection_lifetime=0,
                server_settings={"application_name": application_name} | _SESSION_SETTINGS,
            )
        )

    @property
    def idle(self) -> int:
        """Connections nobody uses."""
        return self._pool.get_idle_size() + len(self._at_hand)

    @property
    def used(self) -> int:
        return self._pool.get_size() - self.idle

    async def acquire(self, within_s: float) -> "PoolConnectionProxy[Record]":
        """A connection, new if need be. Raises TimeoutError, and what connecting may raise."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if not is_lost(connection):
                return connection
            await self._give_back(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=within_s)
        finally:
            self._waiting -= 1

    async def release(self, connection: "PoolConnectionProxy[Record]", *, is_sound: bool) -> None:
        """Take a connection back: `is_sound` unless something that it was used for failed or was broken off."""
        is_kept = is_sound and not self._waiting and not self.is_closing
        if is_kept and time.monotonic() > self._renewing_until:
            self._at_hand.append(connection)
        else:
            await self._give_back(connection)

    def renew(self) -> None:
        """Replace the connections: idle ones now, the others when they are released, since each may lead elsewhere.

        At most every few seconds, however many callers meet the same server.
        """
        if self.is_closing or time.monotonic() < self._renewing_until:
            return
        self._renewing_until = time.monotonic() + _RENEWAL_S
        self._renewal = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        # asyncpg closes connections from before this when it gets them back.
        await self._pool.expire_connections()
        while self._at_hand:
            await self._give_back(self._at_hand.pop())

    async def _give_back(self, connection: "PoolConnectionProxy[Record]") -> None:
        """To asyncpg, which waits for the end of what was broken off. When that fails it has closed the connection."""
        with suppress(Exception):
            await self._pool.release(connection, timeout=CLEAN_UP_S)

    async def close(self) -> None:
        """Waits for connections in use, but not for long."""
        self.is_closing = True
        try:
            async with asyncio.timeout(_CLOSE_S):
                while self._at_hand:
                    await self._give_back(self._at_hand.pop())
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


def is_lost(connection: "PoolConnectionProxy[Record]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # it has left the pool already
        return True


async def _keep(connection: Any) -> None:
    """No service leaves state in a connection, so the four statements asyncpg would reset it with are saved."""
