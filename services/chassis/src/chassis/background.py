"""Periodic background work: a run that fails is logged, counted and tried again, and never ends its process."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from redis.exceptions import RedisError

from chassis import metrics
from chassis.context import RequestContext, enter
from chassis.errors import Refusal

logger = logging.getLogger(__name__)

UNEXPECTED: Final = "UNEXPECTED"
_OUTAGES: Final = (Refusal, RedisError, OSError, TimeoutError)
_LONGEST_PAUSE_S: Final = 10.0


async def repeat(
    task: str, work: Callable[[], Awaitable[object]], *, every_s: float, stopping: asyncio.Event | None = None
) -> None:
    """Run `work` with a pause of `every_s` after each run, until `stopping` is set or this coroutine is cancelled.

    A domain error or a store that is away is met again after the same pause. Anything else is a defect: the pause
    doubles up to ten seconds, so that a defect neither ends the process nor keeps it busy.
    """
    stopping = stopping or asyncio.Event()
    # From zero on, since `increase` does not see the first value of a series.
    metrics.BACKGROUND_FAILURES.labels(task, UNEXPECTED)
    defects = 0
    while not stopping.is_set():
        enter(RequestContext())
        reason = await _failure_of(task, work)
        defects = defects + 1 if reason == UNEXPECTED else 0
        pause_s = min(every_s * 2**defects, max(every_s, _LONGEST_PAUSE_S))
        with suppress(TimeoutError):
            # Not by the clock, so that replicas that started together do not all work at once.
            async with asyncio.timeout(pause_s * random.uniform(0.8, 1.2)):  # noqa: S311 - nothing secret
                await stopping.wait()


async def _failure_of(task: str, work: Callable[[], Awaitable[object]]) -> str | None:
    """The reason why the work failed; None when it did not."""
    try:
        await work()
    except _OUTAGES as error:
        reason = error.reason if isinstance(error, Refusal) else type(error).__name__
        logger.warning("background task failed, will try again", extra={"task": task, "reason": reason})
        return _count(task, reason)
    except asyncio.CancelledError:
        # gRPC cancels the calls of a channel that closes, which cancels no task
        # (see test_background_survives_a_cancelled_call).
        if _is_cancelled():
            raise
        logger.exception("background task failed, will try again", extra={"task": task})
        return _count(task, UNEXPECTED)
    except Exception:
        logger.exception("background task failed, will try again", extra={"task": task})
        return _count(task, UNEXPECTED)
    return None


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _count(task: str, reason: str) -> str:
    metrics.BACKGROUND_FAILURES.labels(task, reason).inc()
    return reason
