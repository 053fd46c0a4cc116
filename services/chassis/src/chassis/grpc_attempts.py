"""One call as several attempts: again after a replica was lost, and on a second replica when the first is silent.

Safe for every RPC of the mesh: reads are, and each change carries the id that makes it happen once (ADR 2, ADR 11).
"""

import asyncio
import random
import time
from typing import Any, Final

import grpc
from grpc.aio import AioRpcError

from chassis.grpc_channel import Method
from chassis.grpc_replicas import SILENT_AFTER_S, Replica
from chassis.status import PUSHBACK

Metadata = tuple[tuple[str, str], ...]

_MAX_ATTEMPTS: Final = 4
_BACKOFF_S: Final = (0.0, 0.02, 0.06, 0.18)
# A replica at the end of its drain cancels the calls it still has.
_LOST: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
_NO_ANSWER: Final = (*_LOST, grpc.StatusCode.DEADLINE_EXCEEDED)


class NoReplica(Exception):
    """The target's name has no address."""


async def send(method: Method, request: object, deadline: float, metadata: Metadata, *, hedge: bool) -> tuple[Any, Any]:
    """The response and the call that gave it. Raises AioRpcError of the last attempt, or NoReplica.

    `deadline` is a reading of `time.monotonic`; `hedge` allows a second replica when the first is silent.
    """
    await method.replicas.resolved()
    tried: list[Replica] = []
    while True:
        replica = method.replicas.pick(tried)
        if replica is None:
            raise NoReplica
        try:
            answer = await _Attempt(method, request, deadline, metadata, hedge=hedge).run(replica)
        except AioRpcError as error:
            tried.append(replica)
            if not (method.is_repeatable and _may_be_sent_again(error, len(tried)) and method.budget.spend()):
                raise
            await asyncio.sleep(_pause_s(len(tried)))
        else:
            method.budget.earn()
            return answer


def _may_be_sent_again(error: AioRpcError, attempts: int) -> bool:
    if error.code() not in _LOST or attempts == _MAX_ATTEMPTS:
        return False
    key, value = PUSHBACK
    return (error.trailing_metadata() or {}).get(key) != value


def _pause_s(attempts: int) -> float:
    """None before the second attempt, which reaches another replica."""
    return _BACKOFF_S[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - nothing secret


class _Attempt:
    """A call to one replica, and a second one elsewhere when it is silent; the first answer counts."""

    __slots__ = ("_answer", "_call", "_deadline", "_hedge", "_metadata", "_method", "_request", "_second", "_started")

    def __init__(self, method: Method, request: object, deadline: float, metadata: Metadata, *, hedge: bool) -> None:
        self._method = method
        self._hedge = hedge and method.is_repeatable
        self._request = request
        self._deadline = deadline
        self._metadata = metadata
        self._second: asyncio.Task[None] | None = None
        self._answer: tuple[Any, Any] | AioRpcError | None = None

    async def run(self, replica: Replica) -> tuple[Any, Any]:
        self._started = time.monotonic()
        self._call = call = self._start(replica)
        timer = asyncio.get_running_loop().call_later(SILENT_AFTER_S, self._meet_silence, replica)
        try:
            response = await call
        except AioRpcError as error:
            if error.code() not in _NO_ANSWER:
                replica.note_answer()
            elif self._second is not None and error.code() in _LOST:
                return await self._answer_of_second(error)
            raise
        except asyncio.CancelledError:
            if self._answer is None or _is_cancelled():  # the caller, and not this call by the second one
                raise
            return _unpacked(self._answer)
        else:
            replica.note_answer()
            return response, call
        finally:
            timer.cancel()
            if self._second is not None:
                self._second.cancel()

    def _start(self, replica: Replica) -> Any:
        return self._method.start(replica, self._request, self._deadline - time.monotonic(), self._metadata)

    def _meet_silence(self, silent: Replica) -> None:
        silent.note_silence(self._started)
        if not self._hedge:
            return
        other = self._method.replicas.pick([silent])
        if other is not None and other is not silent and other.is_ready and self._method.budget.spend():
            self._second = asyncio.create_task(self._run_second(other))

    async def _run_second(self, replica: Replica) -> None:
        call = self._start(replica)
        try:
            self._answer = await call, call
        except AioRpcError as error:
            if error.code() in _NO_ANSWER:
                return
            self._answer = error
        replica.note_answer()
        self._call.cancel()

    async def _answer_of_second(self, lost: AioRpcError) -> tuple[Any, Any]:
        assert self._second is not None
        await self._second
        return _unpacked(self._answer or lost)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _unpacked(answer: tuple[Any, Any] | AioRpcError) -> tuple[Any, Any]:
    if isinstance(answer, AioRpcError):
        raise answer
    return answer
