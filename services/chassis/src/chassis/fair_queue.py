"""A bounded queue in front of expensive work: few at a time, and clients take turns.

Each client that waits is served once before any is served twice, and so are the parts of a client among themselves, say
the accounts it signs in to. A client that floods the queue waits for itself.
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
    """Whose turn it is: a client, and the part of its work."""

    client: str
    part: str = ""


class FairQueue:
    """At most `slots` callers work at a time. Of those that wait, one client may take half of the room there is."""

    def __init__(self, name: str, slots: int, max_waiting: int, rejection: Callable[[], ResourceExhausted]) -> None:
        """`name` is what metrics call it."""
        self._rejections = metrics.QUEUE_REJECTIONS.labels(name)
        self._slots = slots
        self._free = slots
        self._max_waiting = max_waiting
        self._rejection = rejection
        self._waiting: dict[str, dict[str, deque[asyncio.Future[None]]]] = {}
        self._waiting_of: Counter[str] = Counter()
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
        if not self._has_room_for(lane.client):
            self._rejections.inc()
            raise self._rejection()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(lane.client, {}).setdefault(lane.part, deque()).append(turn)
        self._waiting_of[lane.client] += 1
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

    def _has_room_for(self, client: str) -> bool:
        own = self._waiting_of[client]
        turns = min((own + 1) * (len(self._waiting) or 1), self._waiting_of.total() + 1)
        is_in_time = turns * self._mean_s / self._slots < current().remaining()
        return is_in_time and own < self._max_waiting - self._waiting_of.total()

    def _hand_over(self) -> None:
        while self._waiting:
            client, parts = next(iter(self._waiting.items()))
            part, turns = next(iter(parts.items()))
            turn = turns[0]
            self._remove(Lane(client, part), turn)
            # What is left of both goes to the end of its line.
            if part in parts:
                parts[part] = parts.pop(part)
            if client in self._waiting:
                self._waiting[client] = self._waiting.pop(client)
            # A caller may be cancelled and not know it yet (see test_a_caller_that_gives_up_leaves_the_queue).
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1

    def _remove(self, lane: Lane, turn: "asyncio.Future[None]") -> None:
        parts = self._waiting.get(lane.client, {})
        if turn not in parts.get(lane.part, ()):
            return
        parts[lane.part].remove(turn)
        self._waiting_of[lane.client] -= 1
        if not parts[lane.part]:
            del parts[lane.part]
        if not parts:
            del self._waiting[lane.client]
            del self._waiting_of[lane.client]


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
