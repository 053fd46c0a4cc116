"""The life of a worker, a process that nobody calls: compose, become ready, work, finish what was begun, close."""

import asyncio
import gc
import logging
import sys
from collections.abc import Awaitable, Callable

import uvloop

from chassis import logs, probes, readiness, telemetry
from chassis.service import Running, stop_signal
from chassis.settings import ProcessSettings, SettingsError

logger = logging.getLogger(__name__)

# Works until the event is set, and then ends what it has in hand.
Work = Callable[[asyncio.Event], Awaitable[None]]
Compose = Callable[[Running], Awaitable[Work]]


def run(name: str, settings: ProcessSettings, compose: Compose) -> None:
    """Run a worker until SIGTERM or SIGINT. Exits with one line when its port is taken, with 1 after a crash."""
    logs.set_up(settings)
    try:
        running = uvloop.run(_work(name, settings, compose))
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    if running.crashed:
        raise SystemExit(1)


async def _work(name: str, settings: ProcessSettings, compose: Compose) -> Running:
    stopping = stop_signal()
    is_ready = False

    async def tell(ready: bool) -> None:
        nonlocal is_ready
        is_ready = ready

    probes.serve(settings.listen_host, settings.metrics_port, lambda: is_ready and not stopping.is_set())
    async with telemetry.telling(name, settings), Running() as running:
        work = await compose(running)
        running.in_background(readiness.watch(running.checks, tell))
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("working")
        await work(stopping)
        logger.info("stopped")
    return running
