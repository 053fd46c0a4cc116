"""Password hashing: argon2id, in few threads of low priority, with a bounded queue in which clients take turns."""

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from account import metrics
from account.errors import TooManySignIns
from chassis.fair_queue import FairQueue, Lane, Turn

P = ParamSpec("P")
R = TypeVar("R")

# OWASP's parameters. One hash holds 19 MiB and costs about 20 ms of a core, so two at a time are bounded in both.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_THREADS: Final = 2
# Of a core that is busy otherwise, a thread gets a quarter: hashing must not slow down what everybody reads.
_NICENESS: Final = 5
_MAX_WAITING: Final = 512


class Passwords:
    """Hashes and verifies off the event loop. Call it within a turn, which bounds how many do so at a time.

    See test_200_sign_ins_at_once_starve_neither_the_loop_nor_the_memory.
    """

    def __init__(self, max_waiting: int = _MAX_WAITING) -> None:
        self._executor = ThreadPoolExecutor(_THREADS, "argon2", _lower_priority)
        self._queue = FairQueue("passwords", _THREADS, max_waiting, TooManySignIns)
        self._decoy = _HASHER.hash(secrets.token_urlsafe())
        metrics.PASSWORD_JOBS.set_function(lambda: self._queue.busy)

    def turn(self, lane: Lane) -> Turn:
        """For `async with`. Raises TooManySignIns at once when there is no use in waiting."""
        return self._queue.turn(lane)

    async def hash(self, password: str) -> str:
        return await self._run(_HASHER.hash, password)

    async def verify(self, password_hash: str, password: str) -> bool:
        """Takes as long for an account without a password as for one with another password."""
        return await self._run(self._verify, password_hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return _HASHER.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return _HASHER.verify(password_hash, password)
        except VerifyMismatchError:
            return False
        except InvalidHashError:
            with suppress(VerifyMismatchError):
                _HASHER.verify(self._decoy, password)
            return False

    async def _run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        # A caller that gives up cancels what waits for a thread; only what has begun is hashed to its end.
        return await asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))


def _lower_priority() -> None:
    """Of the calling thread: Linux takes its id for a process id."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
