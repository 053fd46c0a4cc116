"""The life of a worker, a process that nobody calls: compose, become ready, work, finish what was begun, close."""

import asyncio
import gc
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import uvloop

from chassis import background, logs, probes, telemetry
from chassis.service import Running, stop_signal
from chassis.settings import ProcessSettings, SettingsError

logger = logging.getLogger(__name__)

_RETRY_AFTER_S: Final = 0.3

# Works until the event is set, and then ends what it has in hand. When it raises, it is called again.
Work = Callable[[asyncio.Event], Awaitable[None]]
Compose = Callable[[Running], Awaitable[Work]]


def run(name: str, settings: ProcessSettings, compose: Compose) -> None:
    """Run a worker until SIGTERM or SIGINT. Exits with one line when its port is taken."""
    logs.set_up(settings)
    try:
        uvloop.run(_work(name, settings, compose))
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None


async def _work(name: str, settings: ProcessSettings, compose: Compose) -> None:
    stopping = stop_signal()
    is_ready = False

    async def tell(ready: bool) -> None:
        nonlocal is_ready
        is_ready = ready

    probes.serve(settings.listen_host, settings.metrics_port, lambda: is_ready and not stopping.is_set())
    async with telemetry.telling(name, settings), Running() as running:
        work = await compose(running)
        running.watch("ready", running.checks | running.write_checks, tell)
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("working")
        await background.repeat(name, partial(work, stopping), every_s=_RETRY_AFTER_S, stopping=stopping)
        logger.info("stopped")
