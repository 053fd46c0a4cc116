"""Open connections of a listener: how many, how many of one client, and what is awaited from each until when.

A connection that is being answered costs nothing here. One that has to receive or send more before it can go on holds
a deadline and a share of the memory that all such connections have together.
"""

import asyncio
import heapq
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

from prometheus_client import Counter as Count
from prometheus_client import Gauge

from chassis import heap
from chassis.clients import client_of
from chassis.open_files import connections_within_open_files
from chassis.settings import ConnectionLimits

logger = logging.getLogger(__name__)

OPEN: Final = Gauge("agora_connections_open", "Connections of clients that are open.")
CLOSED: Final = Count("agora_connections_closed", "Connections closed or rejected, by the limit they met.", ("limit",))

SWEEP_EVERY_S: Final = 1.0
CLOSE_TIMEOUT_S: Final = 5.0
# So many connections less, and the memory they had is given back.
_CROWD: Final = 1_000
# At a limit this share of it is made free at once, so that the search for idle ones costs little per connection.
_EVICTED_SHARE: Final = 16


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


class Connections(Generic[ConnectionT]):
    def __init__(self, limits: ConnectionLimits, is_shared: Callable[[str], bool] = lambda _: False) -> None:
        """`is_shared` tells of an address whether many clients connect from it, as a proxy's."""
        self.limits = limits
        self._is_shared = is_shared
        self._clients: dict[ConnectionT, str] = {}
        self._open_of: Counter[str] = Counter()
        self._deadlines: dict[ConnectionT, float] = {}
        self._held: dict[ConnectionT, int] = {}
        self._held_bytes = 0
        self._most_open = 0

    def __iter__(self) -> Iterator[ConnectionT]:
        return iter([*self._clients])

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
        self.hold(connection, 0)
        self._open_of[client] -= 1
        if not self._open_of[client]:
            del self._open_of[client]

    def expect(self, connection: ConnectionT, seconds: float) -> None:
        """Call `on_deadline` after so many seconds, unless settled before."""
        if connection in self._clients:
            self._deadlines[connection] = time.monotonic() + seconds

    def settle(self, connection: ConnectionT) -> None:
        self._deadlines.pop(connection, None)

    def hold(self, connection: ConnectionT, held_bytes: int) -> None:
        """Note what is in memory for a connection; when all have too much, who holds longest is closed."""
        before = self._held.get(connection, 0)
        if held_bytes == before:
            return
        if not held_bytes:
            del self._held[connection]
        elif connection in self._clients:
            self._held[connection] = held_bytes
        else:
            return
        self._held_bytes += held_bytes - before
        if self._held_bytes > self.limits.unfinished_bytes:
            self._evict_holders()

    def sweep(self) -> None:
        """Tell the connections whose deadline has passed; to be called every `SWEEP_EVERY_S`."""
        now = time.monotonic()
        for connection in [connection for connection, deadline in self._deadlines.items() if deadline <= now]:
            if limit := connection.on_deadline():
                CLOSED.labels(limit).inc()
        self._give_memory_back()

    def _give_memory_back(self) -> None:
        self._most_open = max(self._most_open, len(self._clients))
        if self._most_open - len(self._clients) >= _CROWD:
            self._most_open = len(self._clients)
            heap.trim()

    def _make_room(self, connections: Iterable[ConnectionT], of_all: int, limit: str) -> None:
        ranked = [(rank, id(each), each) for each in connections if (rank := each.idle_rank()) is not None]
        for _, _, connection in heapq.nsmallest(max(1, of_all // _EVICTED_SHARE), ranked):
            self._evict(connection, limit)

    def _evict_holders(self) -> None:
        enough = self.limits.unfinished_bytes * (_EVICTED_SHARE - 1) // _EVICTED_SHARE
        for connection in [*self._held]:
            if self._held_bytes <= enough:
                break
            self._evict(connection, "unfinished_bytes")

    def _evict(self, connection: ConnectionT, limit: str) -> None:
        """Counted out at once: that the connection is lost becomes known only after the new one is counted in."""
        CLOSED.labels(limit).inc()
        self.leave(connection)
        connection.evict()


def within_open_files(limits: ConnectionLimits) -> ConnectionLimits:
    """Raise the limit on open files as far as allowed; return limits that leave files for the process itself."""
    possible = connections_within_open_files(limits.connections)
    if possible < limits.connections:
        logger.warning("the limit on open files is low", extra={"connections": possible, "wanted": limits.connections})
    return replace(limits, connections=possible)


def close(transport: asyncio.Transport) -> None:
    """Close after what was written is taken, or, by a client that reads nothing, within `CLOSE_TIMEOUT_S`."""
    if transport.get_write_buffer_size():
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, transport.abort)
    transport.close()
