"""The four tiers behind the gateway, in memory but on real sockets, and the gateway itself as a real process."""

import asyncio
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from agora.account.v1.account_pb2_grpc import add_AccountServiceServicer_to_server
from agora.catalog.v1.album_pb2_grpc import add_AlbumServiceServicer_to_server
from agora.catalog.v1.cache_lease_pb2_grpc import add_CacheLeaseServiceServicer_to_server as add_catalog_leases
from agora.catalog.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server
from agora.order.v1.order_pb2_grpc import add_OrderServiceServicer_to_server
from agora.review.v1.cache_lease_pb2_grpc import add_CacheLeaseServiceServicer_to_server as add_review_leases
from agora.review.v1.like_pb2_grpc import add_LikeServiceServicer_to_server
from agora.review.v1.review_pb2_grpc import add_ReviewServiceServicer_to_server

from chassis.grpc_server import GrpcServer
from localmesh.ports import PortBlock

from .stand_in_account import StandInAccounts
from .stand_in_albums import StandInAlbums, StandInLikes
from .stand_in_cache_leases import StandInCatalogLeases, StandInReviewLeases
from .stand_in_catalog import StandInCatalog
from .stand_in_order import StandInOrders
from .stand_in_review import StandInReviews

OPERATOR_TOKEN = "operators-only"


class StandInMesh:
    def __init__(self) -> None:
        self.catalog = StandInCatalog()
        self.albums = StandInAlbums()
        self.likes = StandInLikes()
        self.account = StandInAccounts()
        self.order = StandInOrders(self.catalog)
        self.review = StandInReviews(self.catalog, self.order)
        self.targets: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @contextmanager
    def running(self) -> Iterator["StandInMesh"]:
        self._thread.start()
        servers = [
            self._serve("catalog", self._add_catalog),
            self._serve("account", lambda server: add_AccountServiceServicer_to_server(self.account, server)),
            self._serve("order", lambda server: add_OrderServiceServicer_to_server(self.order, server)),
            self._serve("review", self._add_review),
        ]
        yield self
        for server in servers:
            asyncio.run_coroutine_threadsafe(server.server.stop(None), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def calm(self) -> None:
        for tier in (self.catalog, self.albums, self.account, self.order, self.review, self.likes):
            tier.gate.set()
            tier.calm()

    def _add_catalog(self, server: Any) -> None:
        add_CatalogServiceServicer_to_server(self.catalog, server)
        add_AlbumServiceServicer_to_server(self.albums, server)
        add_catalog_leases(StandInCatalogLeases(), server)

    def _add_review(self, server: Any) -> None:
        add_ReviewServiceServicer_to_server(self.review, server)
        add_LikeServiceServicer_to_server(self.likes, server)
        add_review_leases(StandInReviewLeases(), server)

    def _serve(self, tier: str, add_servicer: Callable[..., None]) -> GrpcServer:
        async def serve() -> GrpcServer:
            server = GrpcServer(tier, f"{tier}-0", "127.0.0.1", 0)
            add_servicer(server.server)
            await server.start()
            await server.set_serving(True)
            return server

        server = asyncio.run_coroutine_threadsafe(serve(), self._loop).result(60)
        self.targets[tier] = f"ipv4:127.0.0.1:{server.port}"
        return server


class Gateway:
    """A gateway process; `metrics_url` is where it tells of itself."""

    def __init__(self, process: "subprocess.Popen[str]", http_port: int, metrics_port: int) -> None:
        self.process = process
        self.http_port = http_port
        self.url = f"http://127.0.0.1:{http_port}"
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"

    def client(self) -> httpx.Client:
        # Without TLS there is nothing to verify, and loading the certificates would take most of a test's time.
        return httpx.Client(base_url=self.url, timeout=60, verify=False)


def environment_of(targets: dict[str, str], ports: PortBlock) -> dict[str, str]:
    """Neither Redis is ever there: what a gateway needs, it needs without them."""
    return os.environ | {
        **{f"{tier.upper()}_TARGET": target for tier, target in targets.items()},
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "STREAM_URL": "redis://127.0.0.1:1/0",
        "CACHE_MODE": "off",
        "AGORA_OPERATOR_TOKEN": OPERATOR_TOKEN,
        "INSTANCE_NAME": "gateway-0",
        "LISTEN_HOST": "127.0.0.1",
        "HTTP_PORT": str(ports.take()),
        "METRICS_PORT": str(ports.take()),
    }


@contextmanager
def running_gateway(targets: dict[str, str], directory: Path, **changes: str) -> Iterator[Gateway]:
    """Started, and listening; ready only if the tiers are."""
    with PortBlock(directory) as ports:
        environment = environment_of(targets, ports) | changes
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway"], env=environment, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        # Its log is read to the end: a pipe that is full would stop it.
        reading = threading.Thread(target=deque, args=(process.stderr, 0))
        try:
            first_line = process.stderr.readline()
            reading.start()
            assert "listening" in first_line, first_line
            yield Gateway(process, int(environment["HTTP_PORT"]), int(environment["METRICS_PORT"]))
        finally:
            process.kill()
            process.wait()
            reading.join()
            process.stderr.close()
