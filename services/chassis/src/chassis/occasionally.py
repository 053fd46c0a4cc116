"""Work that is due now and then for whatever is in use, off the path of the requests that use it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from chassis.context import RequestContext, enter
from chassis.errors import Refusal

logger = logging.getLogger(__name__)

K = TypeVar("K")

_RETRY_S: Final = 60.0
_MAX_KEYS: Final = 20_000


class Occasionally(Generic[K]):
    """Runs `work` for a key in the background, `every_s` after the key was first used and as long as it is used."""

    def __init__(
        self,
        work: Callable[[K], Awaitable[object]],
        *,
        every_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._every_s = every_s
        self._clock = clock
        self._due: dict[K, float] = {}
        self._running: set[asyncio.Task[None]] = set()

    def use(self, key: K) -> None:
        now = self._clock()
        due = self._due.get(key)
        if due is None:
            self._due[key] = now + self._every_s
            if len(self._due) > _MAX_KEYS:
                del self._due[next(iter(self._due))]
        elif due <= now:
            self._due[key] = now + self._every_s
            task = asyncio.get_running_loop().create_task(self._run(key, now))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, key: K, now: float) -> None:
        enter(RequestContext())
        try:
            await self._work(key)
        except Refusal as refusal:
            logger.info("background work failed, will try again", extra={"reason": refusal.reason})
            self._due[key] = now + min(_RETRY_S, self._every_s)
