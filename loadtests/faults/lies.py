"""Lies that a sabotaged gateway tells: each breaks one promise that the checker must find broken."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from loadtests.faults.connection import Answer

_REPLAYED_AFTER_S = 0.3
_REMEMBERED_S = 3.0
KEY = "idempotency-key"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    @property
    def key(self) -> str:
        return self.headers.get(KEY, "")

    def under(self, key: str) -> "Message":
        return replace(self, headers=self.headers | {KEY: key})


Forward = Callable[[Message], Awaitable[Answer]]


class Honest:
    """What is asked is forwarded as it is; lies replace `answer`."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Answer]] = set()

    async def answer(self, message: Message, forward: Forward) -> Answer:
        return await forward(message)


class RepeatChanges(Honest):
    """A change of an item is made once more a moment later."""

    async def answer(self, message: Message, forward: Forward) -> Answer:
        answer = await forward(message)
        if message.method == "PATCH":
            task = asyncio.create_task(self._repeat(message, forward))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return answer

    async def _repeat(self, message: Message, forward: Forward) -> Answer:
        await asyncio.sleep(_REPLAYED_AFTER_S)
        return await forward(message.under(f"{message.key}-repeated"))


class ForgetRejections(Honest):
    """A key that was rejected is a new one the next time."""

    def __init__(self) -> None:
        super().__init__()
        self._rejected: dict[str, int] = {}

    async def answer(self, message: Message, forward: Forward) -> Answer:
        times = self._rejected.get(message.key, 0)
        answer = await forward(message.under(f"{message.key}-{times}") if times else message)
        if answer.status == HTTPStatus.CONFLICT and message.path == "/v1/orders":
            self._rejected[message.key] = times + 1
        return answer


class KeepReads(Honest):
    """Items are shown as they were for a while, whatever happens to them: no invalidation arrives."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, tuple[float, Answer]] = {}

    async def answer(self, message: Message, forward: Forward) -> Answer:
        if message.method != "GET" or not message.path.startswith("/v1/items/"):
            return await forward(message)
        until, answer = self._kept.get(message.path, (0.0, None))
        if answer is None or time.monotonic() > until:
            answer = await forward(message)
            self._kept[message.path] = time.monotonic() + _REMEMBERED_S, answer
        return answer


class IgnorePreconditions(Honest):
    """`If-Match` never arrives."""

    async def answer(self, message: Message, forward: Forward) -> Answer:
        headers = {name: value for name, value in message.headers.items() if name != "if-match"}
        return await forward(replace(message, headers=headers))


class IgnoreBodies(Honest):
    """A key that is known is answered as the first time, whatever is asked under it."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Answer] = {}

    async def answer(self, message: Message, forward: Forward) -> Answer:
        if message.path != "/v1/orders" or message.key not in self._known:
            answer = await forward(message)
            if answer.status < HTTPStatus.BAD_REQUEST:
                self._known[message.key] = answer
            return answer
        return self._known[message.key]


class OneQueue(Honest):
    """Orders are placed one after the other, so that one that waits for a locked item holds up all others."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = asyncio.Lock()

    async def answer(self, message: Message, forward: Forward) -> Answer:
        if message.path != "/v1/orders" or message.method != "POST":
            return await forward(message)
        async with self._turn:
            return await forward(message)


LIES: dict[str, Callable[[], Honest]] = {
    "repeat-changes": RepeatChanges,
    "forget-rejections": ForgetRejections,
    "keep-reads": KeepReads,
    "ignore-preconditions": IgnorePreconditions,
    "ignore-bodies": IgnoreBodies,
    "one-queue": OneQueue,
}
