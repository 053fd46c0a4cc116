"""What every process tells of itself besides its work: its build, the lag of its loop, and traces if asked for them."""

import asyncio
import platform
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Final

from prometheus_client import disable_created_metrics

from chassis import metrics
from chassis.settings import ProcessSettings

_LAG_MEASURED_EVERY_S: Final = 0.25


@asynccontextmanager
async def telling(tier: str, settings: ProcessSettings) -> AsyncIterator[None]:
    """Tell while the block runs; at its end, send the traces that are left."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter and histogram, that nobody asks for
    metrics.BUILD.info({"version": version("agora-chassis"), "python": platform.python_version()})
    async with AsyncExitStack() as stack:
        if settings.otlp_endpoint is not None:
            # Late, since its import takes time and memory that a process without traces keeps.
            from chassis.otlp import exporting

            stack.enter_context(exporting(tier, settings, settings.otlp_endpoint))
        measuring = asyncio.create_task(_measure_lag())
        try:
            yield
        finally:
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                await measuring


async def _measure_lag() -> None:
    """How late the loop wakes who asked to be woken: what every request of this process waits besides its own work."""
    while True:
        due = time.perf_counter() + _LAG_MEASURED_EVERY_S
        await asyncio.sleep(_LAG_MEASURED_EVERY_S)
        metrics.LOOP_LAG.observe(max(0.0, time.perf_counter() - due))
