"""Watches Redis: takes its pushes of changed keys, and notices its silence.

Two connections, as Redis' own tracking wants them: one is subscribed to `__redis__:invalidate`, the other asks for
tracking in broadcast mode with its pushes redirected to the first. Both are listened to, so that the end of either is
noticed at once, and both are asked for a sign of life all the time. That the shared tier is not used while Redis is
silent spares readers its time-outs; what keeps them from stale copies is the cache lease (`gateway.cache.lease`).
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import Any, Final

from redis.asyncio import Connection, Redis
from redis.exceptions import RedisError

from gateway.cache import metrics
from gateway.cache.local import TRUSTED_S, LocalCache
from gateway.cache.redis_server import RedisServer

logger = logging.getLogger(__name__)

_CHANNEL: Final = "__redis__:invalidate"
_PROBE_EVERY_S: Final = 0.4
_ANSWER_WITHIN_S: Final = 0.4
_RECONNECT_AFTER_S: Final = 0.1
_FORESEEN: Final = (RedisError, OSError, TimeoutError)


class Watch:
    """Says whether Redis answers, and keeps the local tier open only while changes are pushed to it."""

    def __init__(
        self, redis: "Redis", server: RedisServer, local: LocalCache | None, prefixes: tuple[str, ...]
    ) -> None:
        self._server = server
        self._pool = redis.connection_pool
        self._local = local
        self._prefixes = prefixes
        self._doubted = asyncio.Event()
        self._trusted_until = 0.0

    @property
    def is_trusted(self) -> bool:
        """By the clock, so that a process that was paused does not wake up with its trust."""
        return time.monotonic() < self._trusted_until

    def doubt(self) -> None:
        """A call to Redis failed: do not use it before it was looked after."""
        self._doubted.set()
        self._lose("a call failed")

    async def run(self) -> None:
        """Connect, watch, and connect again, for ever."""
        while True:
            try:
                await self._watch()
            except* _FORESEEN as errors:
                self._lose(type(errors.exceptions[0]).__name__)
            except* Exception:  # whatever it was, nobody watches now
                logger.exception("the watch of the cache broke off")
                self._lose("unexpected")
            await asyncio.sleep(_RECONNECT_AFTER_S)

    def _lose(self, reason: str) -> None:
        if self._local is not None:
            self._local.close()
        if self._trusted_until:
            self._trusted_until = 0.0
            metrics.TRUST_LOST.inc()
            logger.warning("cache lost", extra={"reason": reason})

    async def _watch(self) -> None:
        self._doubted.clear()
        await self._server.follow()
        async with AsyncExitStack() as stack:
            pushes = await self._connected(stack)
            tracker = await self._connected(stack)
            await self._track(pushes, tracker)
            asked = time.monotonic()
            self._trusted_until = asked + TRUSTED_S
            if self._local is not None:
                self._local.open(asked)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(pushes))
                tasks.create_task(self._listen(tracker))
                tasks.create_task(self._probe(pushes, tracker))
                tasks.create_task(self._end_when_doubted())

    async def _connected(self, stack: AsyncExitStack) -> Connection:
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        stack.push_async_callback(connection.disconnect, nowait=True)
        await connection.connect()  # type: ignore[no-untyped-call]
        # With one it writes inside `wait_for`, which in Python 3.11 may swallow a cancellation; reads have their own
        # (see test_the_watch_ends_whenever_it_is_told_to).
        connection.socket_timeout = None
        return connection

    async def _track(self, pushes: Connection, tracker: Connection) -> None:
        client_id = await _ask(pushes, "CLIENT", "ID")
        await _ask(pushes, "SUBSCRIBE", _CHANNEL)
        if self._local is not None:
            prefixes = [word for prefix in self._prefixes for word in ("PREFIX", prefix)]
            await _ask(tracker, "CLIENT", "TRACKING", "ON", "REDIRECT", str(client_id), "BCAST", *prefixes)

    async def _listen(self, connection: Connection) -> None:
        while True:
            # The pongs to our probes come here too, so that silence means a lost connection.
            self._note(await _read(connection, _PROBE_EVERY_S + _ANSWER_WITHIN_S))

    def _note(self, message: Any) -> None:
        match message:
            case [b"pong", asked]:
                # Pushes come in order: whatever changed before we asked has been dropped by now.
                self._trust_from(float(asked))
            case [b"message", _, [*keys]] if self._local is not None:
                for key in keys:
                    self._local.drop(key.decode(errors="replace"))
            case [b"message", _, None] if self._local is not None:  # the whole of Redis was emptied
                self._local.clear()

    def _trust_from(self, moment: float) -> None:
        if self._trusted_until:
            self._trusted_until = moment + TRUSTED_S
            if self._local is not None:
                self._local.trust_from(moment)

    async def _probe(self, pushes: Connection, tracker: Connection) -> None:
        # Trust that has lapsed is not taken up again: nobody knows what was missed in between.
        while self.is_trusted:
            await pushes.send_command("PING", str(time.monotonic()))
            await tracker.send_command("PING")
            await asyncio.sleep(_PROBE_EVERY_S)
        raise TimeoutError("the cache was silent for too long")

    async def _end_when_doubted(self) -> None:
        await self._doubted.wait()
        raise TimeoutError("a call to the cache failed")


async def _ask(connection: Connection, *command: str) -> Any:
    await connection.send_command(*command)
    return await _read(connection, _ANSWER_WITHIN_S)


async def _read(connection: Connection, within_s: float) -> Any:
    answer = await connection.read_response(timeout=within_s)
    if answer is None:  # so redis-py says that the time is over; no command that is sent here has this answer
        raise TimeoutError("the cache is silent")
    return answer
