"""Password hashing: argon2id, in few threads, with a bounded queue."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from account import metrics
from account.errors import TooManySignIns

P = ParamSpec("P")
R = TypeVar("R")

# OWASP's parameters. One hash holds 19 MiB and costs about 20 ms of a core, so two at a time are bounded in both.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_THREADS: Final = 2
# At 20 ms each the last one waits some 2.5 s, which is inside the deadline of a request.
_MAX_WAITING: Final = 256


class Passwords:
    """Hashes and verifies off the event loop; raises TooManySignIns when the queue is full.

    See test_200_sign_ins_at_once_starve_neither_the_loop_nor_the_memory.
    """

    def __init__(self, max_waiting: int = _MAX_WAITING) -> None:
        self._executor = ThreadPoolExecutor(_THREADS, "argon2")
        self._capacity = _THREADS + max_waiting
        self._admitted = 0
        self._decoy = _HASHER.hash(secrets.token_urlsafe())

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
        if self._admitted >= self._capacity:
            raise TooManySignIns
        self._admitted += 1
        metrics.PASSWORD_JOBS.set(self._admitted)
        try:
            # A caller that gives up cancels what waits in the queue; only what has begun is hashed to its end.
            return await asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))
        finally:
            self._admitted -= 1
            metrics.PASSWORD_JOBS.set(self._admitted)
