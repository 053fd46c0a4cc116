"""Calls to a Redis that may be away: none fails, and only one a second waits for it."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from redis.exceptions import RedisError

from chassis.metrics import DEPENDENCY_UP

logger = logging.getLogger(__name__)

T = TypeVar("T")

_PAUSE_S: Final = 1.0


class RedisGuard:
    def __init__(self) -> None:
        self._is_up = True
        self._next_attempt = 0.0

    async def attempt(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the command returns, or None when Redis is away."""
        if not self._may_attempt():
            return None
        try:
            result = await command()
        except (RedisError, OSError) as error:
            self._next_attempt = time.monotonic() + _PAUSE_S
            self._note(is_up=False, why=type(error).__name__)
            return None
        self._note(is_up=True)
        return result

    def _may_attempt(self) -> bool:
        """While Redis is away one caller a second finds out whether it is back; the others do not wait for it."""
        now = time.monotonic()
        if not self._is_up:
            if now < self._next_attempt:
                return False
            self._next_attempt = now + _PAUSE_S
        return True

    def _note(self, *, is_up: bool, why: str = "") -> None:
        DEPENDENCY_UP.labels("redis").set(is_up)
        if is_up is not self._is_up:
            self._is_up = is_up
            logger.log(logging.INFO if is_up else logging.WARNING, "redis %s", "back" if is_up else f"away: {why}")
