"""Transactions that collided with another one run again: a few times, after a random pause."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from chassis.postgres_errors import StoreBusy

T = TypeVar("T")

# PostgreSQL rolled the transaction back so that another one could go on.
_COLLISIONS: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.005


async def retry_conflicts(
    transaction: Callable[[], Awaitable[T]],
    is_conflict: Callable[[Exception], bool] = lambda _: False,
) -> T:
    """Deadlocks and serialization failures are retried, and what `is_conflict` says of other errors.

    The result of `transaction`, which must be safe to repeat. Raises StoreBusy when every attempt collided."""
    for attempt in range(_ATTEMPTS):
        try:
            return await transaction()
        except Exception as error:
            if not (isinstance(error, _COLLISIONS) or is_conflict(error)):
                raise
        await asyncio.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311 - those who collided must part
    raise StoreBusy
