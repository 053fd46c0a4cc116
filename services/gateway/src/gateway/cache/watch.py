"""Watches Redis: takes its pushes of changed keys, and notices its silence before anybody could be told old news.

Two connections, as Redis' own tracking wants them: one is subscribed to `__redis__:invalidate`, the other asks for
tracking in broadcast mode with its pushes redirected to the first. Both are asked for a sign of life all the time. A
writer whose invalidation is not confirmed waits longer (`chassis.invalidation`) than the local tier lives without one.
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import Any, Final

from redis.asyncio import Connection, Redis
from redis.exceptions import RedisError

from gateway.cache import metrics
from gateway.cache.local import LocalCache
from gateway.cache.shared import SharedCache

logger = logging.getLogger(__name__)

_CHANNEL: Final = "__redis__:invalidate"
_PROBE_EVERY_S: Final = 0.4
_ANSWER_WITHIN_S: Final = 0.4
_RECONNECT_AFTER_S: Final = 0.1


class Watch:
    """Says whether the shared tier can be trusted, and keeps the local tier open only while changes are pushed to it.

    A Redis that was lost is emptied before it is trusted again: what it holds may have changed while nobody could tell.
    """

    def __init__(
        self, redis: "Redis", shared: SharedCache, local: LocalCache | None, prefixes: tuple[str, ...]
    ) -> None:
        self._pool = redis.connection_pool
        self._shared = shared
        self._local = local
        self._prefixes = prefixes
        self._was_lost = False
        self._doubted = asyncio.Event()
        self.is_trusted = False

    def doubt(self) -> None:
        """A call to Redis failed: do not use it before it was looked after."""
        self._doubted.set()
        self._lose()

    async def run(self) -> None:
        """Connect, watch, and connect again, for ever."""
        while True:
            try:
                await self._watch()
            except* (RedisError, OSError, TimeoutError) as errors:
                if self.is_trusted:
                    logger.warning("cache lost", extra={"error": type(errors.exceptions[0]).__name__})
                self._lose()
            await asyncio.sleep(_RECONNECT_AFTER_S)

    def _lose(self) -> None:
        if self._local is not None:
            self._local.close()
        if self.is_trusted:
            self.is_trusted = False
            self._was_lost = True
            metrics.TRUST_LOST.inc()

    async def _watch(self) -> None:
        self._doubted.clear()
        async with AsyncExitStack() as stack:
            pushes = await self._connected(stack)
            tracker = await self._connected(stack)
            await self._track(pushes, tracker)
            if self._was_lost:
                await self._shared.clear()
            asked = time.monotonic()
            self.is_trusted = True
            if self._local is not None:
                self._local.open(asked)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take_pushes(pushes))
                tasks.create_task(self._probe(pushes, tracker))
                tasks.create_task(self._end_when_doubted())

    async def _connected(self, stack: AsyncExitStack) -> Connection:
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        stack.push_async_callback(connection.disconnect, nowait=True)
        await connection.connect()  # type: ignore[no-untyped-call]
        return connection

    async def _track(self, pushes: Connection, tracker: Connection) -> None:
        client_id = await _ask(pushes, "CLIENT", "ID")
        await _ask(pushes, "SUBSCRIBE", _CHANNEL)
        if self._local is not None:
            prefixes = [word for prefix in self._prefixes for word in ("PREFIX", prefix)]
            await _ask(tracker, "CLIENT", "TRACKING", "ON", "REDIRECT", str(client_id), "BCAST", *prefixes)

    async def _take_pushes(self, pushes: Connection) -> None:
        while True:
            # The pongs to our probes come here too, so that silence means a lost connection.
            message = await pushes.read_response(timeout=_PROBE_EVERY_S + _ANSWER_WITHIN_S)
            if self._local is not None:
                self._note(message, self._local)

    def _note(self, message: Any, local: LocalCache) -> None:
        match message:
            case [b"message", _, [*keys]]:
                for key in keys:
                    local.drop(key.decode())
            case [b"message", _, None]:  # the whole of Redis was emptied
                local.clear()
            case [b"pong", asked]:
                # Pushes come in order: whatever changed before we asked has been dropped by now.
                local.trust_from(float(asked))

    async def _probe(self, pushes: Connection, tracker: Connection) -> None:
        while True:
            await pushes.send_command("PING", str(time.monotonic()))
            await _ask(tracker, "PING")
            await asyncio.sleep(_PROBE_EVERY_S)

    async def _end_when_doubted(self) -> None:
        await self._doubted.wait()
        raise TimeoutError("a call to the cache failed")


async def _ask(connection: Connection, *command: str) -> Any:
    await connection.send_command(*command)
    return await connection.read_response(timeout=_ANSWER_WITHIN_S)
