"""The process: compose, listen, and on SIGTERM stop without losing a request."""

import gc
import logging
import sys

import uvloop

from chassis import logs, metrics, telemetry
from chassis.connections import SWEEP_EVERY_S, within_open_files
from chassis.service import Running, stop_signal
from chassis.settings import SettingsError
from monolith.dispatch import Dispatch
from monolith.server import SocketServer
from monolith.settings import Settings
from monolith.shop import ShopBuilder

logger = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Run the monolith until SIGTERM or SIGINT. Exits with one line when a port is taken."""
    logs.set_up(settings.process)
    try:
        uvloop.run(_serve(settings))
    except SettingsError as error:
        print(f"monolith: {error}", file=sys.stderr)
        raise SystemExit(2) from None


async def _serve(settings: Settings) -> None:
    stopping = stop_signal()
    host = settings.process.listen_host
    metrics.serve(host, settings.process.metrics_port)
    async with telemetry.telling("monolith", settings.process), Running() as running:
        limits = within_open_files(settings.connections)
        server = SocketServer(Dispatch(await ShopBuilder(settings, running).build()), limits)
        running.push_async_callback(server.stop)
        running.repeat("connections", server.sweep, every_s=SWEEP_EVERY_S)
        await server.start(host, settings.port)
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("listening", extra={"port": settings.port})
        await stopping.wait()
        logger.info("stopping")
