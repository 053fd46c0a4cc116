"""Readiness: whether what a process needs can be reached. Liveness is the process's own business and asks no store."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from chassis import metrics
from chassis.context import RequestContext, enter

logger = logging.getLogger(__name__)

CHECK_EVERY_S: Final = 0.5
_TIMEOUT_S: Final = 1.0

Check = Callable[[], Awaitable[object]]


async def check_all(checks: Mapping[str, Check]) -> dict[str, bool]:
    """The state of each dependency. A check fails by raising, or by not ending within a second."""
    results = await asyncio.gather(*(_passes(check) for check in checks.values()))
    states = dict(zip(checks, results, strict=True))
    for name, up in states.items():
        metrics.DEPENDENCY_UP.labels(name).set(up)
    return states


async def _passes(check: Check) -> bool:
    enter(RequestContext(deadline=time.monotonic() + _TIMEOUT_S))
    try:
        await asyncio.wait_for(check(), _TIMEOUT_S)
    except Exception:  # whatever it was, the dependency cannot be used
        return False
    return True


class Watch:
    """Calls `tell` whenever the checks together begin or cease to pass. They do not until each has passed once.

    `state` names what a process is whose checks pass: "ready", or "writable".
    """

    def __init__(self, state: str, checks: Mapping[str, Check], tell: Callable[[bool], Awaitable[None]]) -> None:
        self._state = state
        self._checks = checks
        self._tell = tell
        self._passes = False

    async def check(self) -> None:
        states = await check_all(self._checks)
        passes = all(states.values())
        if passes is not self._passes:
            logger.info(self._state if passes else f"not {self._state}", extra={"dependencies": states})
            await self._tell(passes)
            self._passes = passes
