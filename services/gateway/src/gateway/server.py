"""The process: listen, serve, and on SIGTERM stop without losing a request."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
import uvloop
from fastapi import FastAPI

from chassis import logs, metrics, telemetry
from chassis.service import stop_signal
from chassis.settings import SettingsError
from gateway.app import create_app
from gateway.http_protocol import HttpProtocol
from gateway.settings import Settings

logger = logging.getLogger(__name__)

_BACKLOG: Final = 2048
# How long balancers have to see on /readyz that no more requests should come, before none is accepted.
_NOTICE_S: Final = 0.5
_DRAIN_S: Final = 10
# Longer than balancers keep idle connections, so that it is never this side that closes one just as it is used again.
_KEEP_ALIVE_S: Final = 620


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's own business: there is a notice to give before the server stops."""
        yield


def run(settings: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT. Exits with one line when a port is taken."""
    logs.set_up(settings.process)
    try:
        uvloop.run(_serve(settings))
    except (SettingsError, OSError) as error:
        print(f"gateway: {error}", file=sys.stderr)
        raise SystemExit(2) from None


async def _serve(settings: Settings) -> None:
    stopping = stop_signal()
    metrics.serve(settings.process.listen_host, settings.process.metrics_port)
    listener = _listen(settings.process.listen_host, settings.http_port)
    server = Server(_configuration(create_app(settings, stopping)))
    async with telemetry.telling("gateway", settings.process), asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("listening", extra={"port": settings.http_port})
        await stopping.wait()
        logger.info("stopping")
        await asyncio.sleep(_NOTICE_S)
        server.should_exit = True


def _configuration(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_DRAIN_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"HTTP_PORT: cannot listen on {host}:{port}, {error.strerror}") from None
