"""Open connections of a listener: how many, how many of one client, and what is awaited from each until when.

A connection that is being answered costs nothing here. One that has to receive or send more before it can go on holds
a deadline and a share of the memory that all such connections have together.
"""

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, Generic, Protocol, Self, TypeVar

from prometheus_client import Counter as Count
from prometheus_client import Gauge

from chassis.settings import Environment

OPEN: Final = Gauge("agora_connections_open", "Connections of clients that are open.")
CLOSED: Final = Count("agora_connections_closed", "Connections closed or rejected, by the limit they met.", ("limit",))

# At a limit this share of it is made free at once, so that the search for idle ones costs little per connection.
_EVICTED_SHARE: Final = 16


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    connections: int = 4096
    connections_per_client: int = 1024
    # For the head of an HTTP request, or a frame of the socket protocol.
    receive_timeout_s: int = 10
    # For a client to take some of the answers that wait for it.
    send_timeout_s: int = 30
    # Longer than balancers keep idle connections, so that it is never this side that closes one just as it is used.
    idle_timeout_s: int = 620
    # Memory of all requests that have not come whole, and of all answers that are not taken.
    unfinished_bytes: int = 16 * 1024 * 1024

    @classmethod
    def read(cls, environment: Environment) -> Self:
        return cls(
            connections=environment.count("MAX_CONNECTIONS", cls().connections),
            connections_per_client=environment.count("MAX_CONNECTIONS_PER_CLIENT", cls().connections_per_client),
            receive_timeout_s=environment.count("RECEIVE_TIMEOUT_S", cls().receive_timeout_s, high=3600),
            send_timeout_s=environment.count("SEND_TIMEOUT_S", cls().send_timeout_s, high=3600),
            idle_timeout_s=environment.count("IDLE_TIMEOUT_S", cls().idle_timeout_s, high=86_400),
            unfinished_bytes=environment.count("MAX_UNFINISHED_BYTES", cls().unfinished_bytes, high=2**40),
        )


class Connection(Protocol):
    @property
    def peer(self) -> str:
        """Return the address of the other end; "" when it has none."""

    def idle_rank(self) -> tuple[int, float] | None:
        """Return the order in which to close connections, lowest first; None while a request is being answered."""

    def on_deadline(self) -> str:
        """Close the connection and return the limit it met, or await something else and return ""."""

    def evict(self) -> None:
        """Close the connection to make room for others."""


ConnectionT = TypeVar("ConnectionT", bound=Connection)


@dataclass(slots=True)
class _Wait:
    deadline: float
    held_bytes: int = 0


class Connections(Generic[ConnectionT]):
    def __init__(self, limits: ConnectionLimits, is_shared: Callable[[str], bool] = lambda _: False) -> None:
        """`is_shared` tells of an address whether many clients connect from it, as a proxy's."""
        self.limits = limits
        self._is_shared = is_shared
        self._clients: dict[ConnectionT, str] = {}
        self._open_of: Counter[str] = Counter()
        self._waits: dict[ConnectionT, _Wait] = {}
        self._held_bytes = 0

    def admit(self, connection: ConnectionT) -> bool:
        """Count the connection, closing others to make room; False if all that could go are being answered."""
        client = "" if self._is_shared(connection.peer) else client_of(connection.peer)
        if client and self._open_of[client] >= self.limits.connections_per_client:
            of_client = (other for other, owner in self._clients.items() if owner == client)
            self._make_room(of_client, self.limits.connections_per_client, "connections_per_client")
        if len(self._clients) >= self.limits.connections:
            self._make_room(self._clients, self.limits.connections, "connections")
        if len(self._clients) >= self.limits.connections or (
            client and self._open_of[client] >= self.limits.connections_per_client
        ):
            CLOSED.labels("rejected").inc()
            return False
        self._clients[connection] = client
        self._open_of[client] += 1
        OPEN.inc()
        return True

    def leave(self, connection: ConnectionT) -> None:
        client = self._clients.pop(connection, None)
        if client is None:
            return
        OPEN.dec()
        self.settle(connection)
        self._open_of[client] -= 1
        if not self._open_of[client]:
            del self._open_of[client]

    def expect(self, connection: ConnectionT, seconds: float) -> None:
        """Call `on_deadline` after so many seconds, unless settled before."""
        if connection in self._clients:
            held_bytes = self._waits[connection].held_bytes if connection in self._waits else 0
            self._waits[connection] = _Wait(time.monotonic() + seconds, held_bytes)

    def hold(self, connection: ConnectionT, held_bytes: int) -> None:
        """Note the memory of a connection that is awaited; beyond the limit of all, the longest awaited are closed."""
        wait = self._waits.get(connection)
        if wait is None or held_bytes == wait.held_bytes:
            return
        self._held_bytes += held_bytes - wait.held_bytes
        wait.held_bytes = held_bytes
        if self._held_bytes > self.limits.unfinished_bytes:
            self._evict_holders()

    def settle(self, connection: ConnectionT) -> None:
        wait = self._waits.pop(connection, None)
        if wait is not None:
            self._held_bytes -= wait.held_bytes

    def sweep(self) -> None:
        """Tell the connections whose deadline has passed; to be called about once a second."""
        now = time.monotonic()
        for connection in [connection for connection, wait in self._waits.items() if wait.deadline <= now]:
            if limit := connection.on_deadline():
                CLOSED.labels(limit).inc()

    def _make_room(self, connections: Iterable[ConnectionT], of_all: int, limit: str) -> None:
        ranked = [(rank, id(each), each) for each in connections if (rank := each.idle_rank()) is not None]
        for _, _, connection in heapq.nsmallest(max(1, of_all // _EVICTED_SHARE), ranked):
            self._evict(connection, limit)

    def _evict_holders(self) -> None:
        enough = self.limits.unfinished_bytes * (_EVICTED_SHARE - 1) // _EVICTED_SHARE
        for connection, wait in [*self._waits.items()]:
            if self._held_bytes <= enough:
                break
            if wait.held_bytes:
                self._evict(connection, "unfinished_bytes")

    def _evict(self, connection: ConnectionT, limit: str) -> None:
        """Counted out at once: that the connection is lost becomes known only after the new one is counted in."""
        CLOSED.labels(limit).inc()
        self.leave(connection)
        connection.evict()


def client_of(peer: str) -> str:
    """Return what counts as one client: an IPv4 address, or the 64 bits of IPv6 that one customer is given."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address):
        return peer
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
