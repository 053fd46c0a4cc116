"""The replicas behind a gRPC target: found, watched, and picked in turn.

Every replica has a channel of its own, so that a call that is sent again reaches another one; gRPC's own balancing may
pick the same (ADR 11).
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Collection
from typing import Any, Final

import grpc
from grpc.aio import UsageError

from chassis.background import repeat

logger = logging.getLogger(__name__)

# Long enough for an answer of a healthy replica under load, short enough for a second one within the deadline.
SILENT_AFTER_S: Final = 1.0
_REST_AT_MOST_S: Final = 10.0
_RESOLVE_EVERY_S: Final = 2.0
_FINISH_WITHIN_S: Final = 30.0
_BEST: Final = 7
_SERVICE_CONFIG: Final = '{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}'
_OPTIONS: Final = [
    ("grpc.service_config", _SERVICE_CONFIG),  # round robin over one address: pick_first asks for no health
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A peer that is gone or paused is noticed within 2.5 s. `keepalive_timeout_ms` does not shorten the
    # acknowledgement's minute, `ping_timeout_ms` does (see test_upload_to_a_paused_replica_fails_in_time).
    ("grpc.keepalive_time_ms", 1_000),
    ("grpc.http2.ping_timeout_ms", 1_500),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 16_777_216),
]


class Replica:
    """One address. It rests, and gets no calls while others can have them, after it was silent for too long."""

    def __init__(self, address: str, on_change: Callable[[], None]) -> None:
        self.address = address
        self._on_change = on_change
        self.channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self.is_ready = False
        self.methods: dict[str, Any] = {}
        self._answered_at = 0.0
        self._resting_until = 0.0
        self._rest_s = 0.0
        self._watching = asyncio.create_task(self._watch())

    @property
    def is_resting(self) -> bool:
        return self._rest_s > 0 and time.monotonic() < self._resting_until

    def note_pick(self) -> None:
        """The first call after a rest is alone until it is answered."""
        if self._rest_s:
            self._resting_until = time.monotonic() + self._rest_s

    def note_answer(self) -> None:
        self._answered_at = time.monotonic()
        self._rest_s = 0.0

    def note_silence(self, since: float) -> None:
        """A call that was sent at `since` has waited for too long; a busy replica has answered others meanwhile."""
        if self._answered_at < since and not self.is_resting:
            self._rest_s = min(2 * self._rest_s or SILENT_AFTER_S, _REST_AT_MOST_S)
            self._resting_until = time.monotonic() + self._rest_s
            logger.warning("replica is silent", extra={"replica": self.address, "rest_s": self._rest_s})

    async def close(self, grace_s: float | None = None) -> None:
        self._watching.cancel()
        await self.channel.close(grace_s)

    async def _watch(self) -> None:
        while True:
            try:
                state = self.channel.get_state(try_to_connect=True)
                self.is_ready = state is grpc.ChannelConnectivity.READY
                self._on_change()
                await self.channel.wait_for_state_change(state)
            except UsageError:  # the channel is closed
                return


class Replicas:
    """All replicas behind `target`: `ipv4:a:p,b:p`, `ipv6:`, `unix:`, or a DNS name, which is resolved periodically."""

    def __init__(self, target: str) -> None:
        self._turn = 0
        self._all: list[Replica] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._resolving: asyncio.Task[None] | None = None
        self._resolved = asyncio.Event()
        self.some_ready = asyncio.Event()
        scheme, _, rest = target.partition(":")
        if scheme == "dns":
            host, _, port = rest.rpartition("/")[2].rpartition(":")
            self._name = host.strip("[]"), int(port)
            self._resolving = asyncio.create_task(repeat("resolve", self._resolve, every_s=_RESOLVE_EVERY_S))
        else:
            self._replace([f"{scheme}:{address}" for address in rest.split(",")])

    async def resolved(self) -> None:
        """Return once the name was looked up; a target that lists addresses needs none."""
        if not self._all:
            await self._resolved.wait()

    def pick(self, tried: Collection[Replica] = ()) -> Replica | None:
        """The next in turn that is ready and not resting; failing that, one that is resting, or only connecting.

        One that was tried already comes last. None when the name has no address.
        """
        picked, best = None, -1
        for offset in range(1, len(self._all) + 1):
            replica = self._all[(self._turn + offset) % len(self._all)]
            worth = 4 * replica.is_ready + 2 * (replica not in tried) + (not replica.is_resting)
            if worth > best:
                picked, best, turn = replica, worth, self._turn + offset
                if best == _BEST:
                    break
        if picked is not None:
            self._turn = turn % len(self._all)
            picked.note_pick()
        return picked

    async def _resolve(self) -> None:
        """Without an answer, or with an empty one, the replicas that are known stay: their health tells the rest."""
        host, port = self._name
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror:
            found = []
        if found:
            self._replace(sorted({_address(family, sockaddr) for family, _, _, _, sockaddr in found}))
        self._resolved.set()

    def _replace(self, addresses: list[str]) -> None:
        known = {replica.address: replica for replica in self._all}
        self._all = [known.pop(address) if address in known else Replica(address, self._note) for address in addresses]
        for gone in known.values():
            self._closing.add(task := asyncio.create_task(gone.close(_FINISH_WITHIN_S)))
            task.add_done_callback(self._closing.discard)

    def _note(self) -> None:
        if any(replica.is_ready for replica in self._all):
            self.some_ready.set()
        else:
            self.some_ready.clear()

    async def close(self) -> None:
        if self._resolving is not None:
            self._resolving.cancel()
        for closing in self._closing:
            closing.cancel()
        await asyncio.gather(*(replica.close() for replica in self._all))


def _address(family: socket.AddressFamily, sockaddr: tuple[Any, ...]) -> str:
    host, port = sockaddr[:2]
    return f"ipv6:[{host}]:{port}" if family is socket.AF_INET6 else f"ipv4:{host}:{port}"
