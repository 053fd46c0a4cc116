"""Cache leases: permission to read and fill cached copies of one service's rows, for about a second.

The service that writes the rows grants it, not Redis: a writer that cannot reach Redis is seen by nobody else. A writer
that cannot invalidate acknowledges only after every lease has expired that was granted before (`chassis.invalidation`),
and from then on leases are of a new generation, so that older copies are never read again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from gateway.cache import metrics
from gateway.clients.cache_leases import Lease

logger = logging.getLogger(__name__)

# Three times in a lease, so that one replica that hangs does not end it.
_RENEW_EVERY_S: Final = 0.3
_ANSWER_WITHIN_S: Final = 0.6

Grant = Callable[[], Awaitable[Lease]]


class CacheLease:
    """Valid by the clock of this process, which runs on while the process is paused.

    A read needs it once, before it looks into a tier: writes that are acknowledged later are concurrent with the read
    (see test_read_that_was_paused_after_the_lease_check_is_not_stale).
    """

    def __init__(
        self,
        service: str,
        grant: Grant,
        on_new_generation: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grant = grant
        self._on_new_generation = on_new_generation
        self._clock = clock
        self._sent_at = 0.0
        self.valid_until = 0.0
        self.generation = 0
        self._failed = metrics.RENEWALS_FAILED.labels(service)
        self._suspended = metrics.SUSPENDED.labels(service)
        self._generation_told = metrics.GENERATION.labels(service)
        metrics.LEASE_VALID.labels(service).set_function(lambda: self.is_valid)

    @property
    def is_valid(self) -> bool:
        return self._clock() < self.valid_until

    async def keep(self) -> None:
        """Renew it for ever. A renewal does not wait for the one before, which may hang."""
        async with asyncio.TaskGroup() as renewals:
            while True:
                renewals.create_task(self._renew())
                await asyncio.sleep(_RENEW_EVERY_S)

    async def _renew(self) -> None:
        enter(RequestContext(deadline=time.monotonic() + _ANSWER_WITHIN_S))
        sent_at = self._clock()
        try:
            self.take(await self._grant(), sent_at)
        except Refusal:
            self._failed.inc()
        except Exception:  # a defect, which must not end the renewals
            self._failed.inc()
            logger.exception("the renewal of a cache lease failed")

    def take(self, lease: Lease, sent_at: float) -> None:
        """Use a lease whose request was sent then; one that was overtaken by a later one is not used."""
        if sent_at < self._sent_at:
            return
        self._sent_at = sent_at
        if lease.generation != self.generation:
            self.generation = lease.generation
            self._generation_told.set(lease.generation)
            self._on_new_generation()
        self.valid_until = sent_at + lease.seconds
        self._suspended.set(not lease.seconds)
