"""The process: listen, serve, and on SIGTERM stop without losing a request."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn
import uvloop
from fastapi import FastAPI

from chassis import logs, metrics, telemetry
from chassis.connections import SWEEP_EVERY_S, Connections, within_open_files
from chassis.service import stop_signal
from chassis.settings import SettingsError
from gateway.app import create_app
from gateway.forwarded import TrustedProxies
from gateway.http_protocol import HttpProtocol
from gateway.settings import Settings

logger = logging.getLogger(__name__)

_BACKLOG: Final = 2048
# How long balancers have to see on /readyz that no more requests should come, before none is accepted.
_NOTICE_S: Final = 0.5
_DRAIN_S: Final = 10
# uvicorn's.
_TICKS_PER_S: Final = 10


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, connections: Connections[HttpProtocol]) -> None:
        super().__init__(config)
        self._open = connections

    async def on_tick(self, counter: int) -> bool:
        if counter % (_TICKS_PER_S * SWEEP_EVERY_S) == 0:
            self._open.sweep()
        return await super().on_tick(counter)

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
    connections: Connections[HttpProtocol] = Connections(
        within_open_files(settings.connections), TrustedProxies(settings.trusted_proxies).trusts
    )
    server = Server(_configuration(create_app(settings, stopping), connections), connections)
    async with telemetry.telling("gateway", settings.process), asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        # What start-up made stays for good: the collector need not look at it again.
        gc.freeze()
        logger.info("listening", extra={"port": settings.http_port})
        await stopping.wait()
        logger.info("stopping")
        await asyncio.sleep(_NOTICE_S)
        server.should_exit = True


def _configuration(app: FastAPI, connections: Connections[HttpProtocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(HttpProtocol, connections),  # type: ignore[arg-type] # uvicorn only calls it
        ws="none",
        lifespan="on",
        log_config=None,
        # Below are lines on what clients send; they get an answer that says it.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=connections.limits.idle_timeout_s,
        timeout_graceful_shutdown=_DRAIN_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"HTTP_PORT: cannot listen on {host}:{port}, {error.strerror}") from None
