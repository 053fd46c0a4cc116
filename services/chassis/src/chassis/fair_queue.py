"""A bounded queue in front of expensive work: few at a time, and clients take turns.

Each group of clients that waits is served once before any is served twice, and so are the clients of a group among
themselves. A client that floods the queue waits for itself.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple

from chassis import metrics
from chassis.context import current
from chassis.errors import ResourceExhausted

# How much the newest duration counts in the mean: some ten of them make it.
_WEIGHT: Final = 0.1


class Lane(NamedTuple):
    """Whose turn it is: a client's, of a group of them."""

    client: str
    group: str = ""


class FairQueue:
    """At most `slots` callers work at a time. One client may take half of the room that is left to wait in."""

    def __init__(self, name: str, slots: int, max_waiting: int, rejection: Callable[[], ResourceExhausted]) -> None:
        """`name` is what metrics call it."""
        self._rejections = metrics.QUEUE_REJECTIONS.labels(name)
        self._slots = slots
        self._free = slots
        self._max_waiting = max_waiting
        self._rejection = rejection
        self._waiting: dict[str, dict[str, deque[asyncio.Future[None]]]] = {}
        self._waiting_of: Counter[Lane] = Counter()
        self._mean_s = 0.0

    @property
    def busy(self) -> int:
        """Callers that work or wait."""
        return self._slots - self._free + self._waiting_of.total()

    def turn(self, lane: Lane) -> "Turn":
        """For `async with`: waits for the lane's turn. Raises the rejection at once when there is no use in waiting."""
        return Turn(self, lane)

    async def enter(self, lane: Lane) -> None:
        if self._free:
            self._free -= 1
            return
        if not self._has_room_for(lane):
            self._rejections.inc()
            raise self._rejection()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(lane.group, {}).setdefault(lane.client, deque()).append(turn)
        self._waiting_of[lane] += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._remove(lane, turn)
            else:  # the slot was handed over at the same moment
                self._hand_over()
            raise

    def leave(self, seconds: float) -> None:
        self._mean_s += _WEIGHT * (seconds - self._mean_s)
        self._hand_over()

    def _has_room_for(self, lane: Lane) -> bool:
        own, all_waiting = self._waiting_of[lane], self._waiting_of.total()
        lanes = len(self._waiting.get(lane.group, ())) * len(self._waiting)
        turns = min((own + 1) * (lanes or 1), all_waiting + 1)
        is_in_time = turns * self._mean_s / self._slots < current().remaining()
        return is_in_time and own < self._max_waiting - all_waiting

    def _hand_over(self) -> None:
        while self._waiting:
            group, clients = next(iter(self._waiting.items()))
            client, turns = next(iter(clients.items()))
            turn = turns[0]
            self._remove(Lane(client, group), turn)
            # What is left of both goes to the end of its line.
            if client in clients:
                clients[client] = clients.pop(client)
            if group in self._waiting:
                self._waiting[group] = self._waiting.pop(group)
            # A caller may be cancelled and not know it yet (see test_a_caller_that_gives_up_leaves_the_queue).
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1

    def _remove(self, lane: Lane, turn: "asyncio.Future[None]") -> None:
        clients = self._waiting.get(lane.group, {})
        if turn not in clients.get(lane.client, ()):
            return
        clients[lane.client].remove(turn)
        self._waiting_of[lane] -= 1
        if not clients[lane.client]:
            del clients[lane.client]
            del self._waiting_of[lane]
        if not clients:
            del self._waiting[lane.group]


class Turn:
    def __init__(self, queue: FairQueue, lane: Lane) -> None:
        self._queue = queue
        self._lane = lane
        self._started = 0.0

    async def __aenter__(self) -> None:
        await self._queue.enter(self._lane)
        self._started = asyncio.get_running_loop().time()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.leave(asyncio.get_running_loop().time() - self._started)
