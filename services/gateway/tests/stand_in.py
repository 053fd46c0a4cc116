"""What the stand-ins of all tiers share: they note each call, and can be told to refuse or to hang."""

import asyncio
import threading
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidArgument, Refusal


class Call(NamedTuple):
    rpc: str
    request: Any
    request_id: str


class StandIn:
    """Serves in a thread of its own; tests read `calls` and set the faults from theirs."""

    def __init__(self) -> None:
        self._noted = threading.Condition()
        self.calm()

    def calm(self) -> None:
        self.calls: list[Call] = []
        self.fault: Refusal | None = None
        self.gate = threading.Event()
        self.gate.set()

    async def enter(self, rpc: str, request: Any, context: Any) -> None:
        """Every RPC begins here."""
        metadata = dict(context.invocation_metadata())
        with self._noted:
            # Only a request that brought an id of its own has this entry.
            self.calls.append(Call(rpc, request, metadata.get("x-request-id", "")))
            self._noted.notify_all()
        if not self.gate.is_set():
            await asyncio.to_thread(self.gate.wait, 60)
        if self.fault is not None:
            raise self.fault

    def calls_of(self, rpc: str) -> list[Call]:
        return [call for call in self.calls if call.rpc == rpc]

    def await_calls(self, rpc: str, count: int = 1) -> None:
        with self._noted:
            assert self._noted.wait_for(lambda: len(self.calls_of(rpc)) >= count, 60), f"{rpc} was not called"


class InvalidPageToken(InvalidArgument):
    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        super().__init__("page_token is not one that this listing gave out", {"field": "page_token"})


def page_of(rows: list[Any], size: int, token: str) -> tuple[list[Any], str]:
    """Rows after the one the token counts to, and the token of the next page."""
    if token and not token.isdigit():
        raise InvalidPageToken
    start = int(token or 0)
    end = start + (size or 50)
    return rows[start:end], str(end) if end < len(rows) else ""


def now() -> Timestamp:
    timestamp = Timestamp()
    timestamp.GetCurrentTime()
    return timestamp
