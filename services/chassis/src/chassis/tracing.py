"""Traces: spans as small objects of our own, which are sent as OpenTelemetry's when they have ended and are worth it.

There are two kinds. `begin` makes the span of a whole request or job: it stands in the request's context, and exists
also when its trace is not sampled or nobody collects traces, since its ids go into logs and on to the next tier. `step`
makes the span of one call, query or command within it, only when the trace is sampled. A request that failed is sent in
any case: not its steps, which nobody made, but what each tier it passed through spent on it, in one trace.

Until `start` is called no trace is sampled and nothing is sent, and the exporter is not even imported.
"""

import re
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from random import getrandbits
from types import TracebackType
from typing import Final, Self

Attributes = dict[str, str | int]

# Version 00 of W3C Trace Context; ids of nothing but zeros are no ids.
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED: Final = 1
_NO_STEP: Final = nullcontext()
_LOWER_HALF: Final = 2**64 - 1


class Kind(Enum):
    """As OpenTelemetry names them."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    CONSUMER = "CONSUMER"


class Span:
    """As a context manager it ends with its block, and has failed when that raises. Ids are hexadecimal."""

    __slots__ = (
        "attributes", "is_sampled", "kind", "links", "name", "parent_id", "span_id", "started_ns", "trace_id",
    )  # fmt: skip

    def __init__(self, name: str, kind: Kind, trace_id: str, parent_id: str, *, is_sampled: bool) -> None:
        """`parent_id` is empty in the first span of a trace."""
        self.name = name
        self.kind = kind
        self.trace_id = trace_id
        self.span_id = f"{getrandbits(64) or 1:016x}"
        self.parent_id = parent_id
        self.is_sampled = is_sampled
        self.started_ns = time.time_ns()
        self.attributes: Attributes = {}
        self.links: tuple[Span, ...] = ()

    @property
    def traceparent(self) -> str:
        """What the next tier is told."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"

    @property
    def exemplar(self) -> dict[str, str] | None:
        """What points from a histogram's bucket to the trace; None when there will be no trace to look at."""
        return {"trace_id": self.trace_id} if self.is_sampled else None

    def child(self, name: str, kind: Kind) -> "Span":
        return Span(name, kind, self.trace_id, self.span_id, is_sampled=self.is_sampled)

    def is_sent(self, failure: str = "") -> bool:
        """Whether it is worth attributes: the others end and are forgotten."""
        return self.is_sampled or bool(failure)

    def end(self, failure: str = "") -> None:
        """`failure` says in a word how it failed. A failed span is sent also when its trace is not sampled."""
        if _send is not None and self.is_sent(failure):
            _send(self, time.time_ns(), failure)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(kind.__name__ if kind else "")


Send = Callable[[Span, int, str], None]
"""Takes a span, the time of its end in nanoseconds, and how it failed."""

_send: Send | None = None
_bound = 0


def start(send: Send, ratio: float) -> None:
    """Send spans from now on. Of the traces that begin here, `ratio` are sampled."""
    global _send, _bound
    _send, _bound = send, round(ratio * (_LOWER_HALF + 1))


def stop() -> None:
    """Sample and send nothing more."""
    global _send, _bound
    _send, _bound = None, 0


def begin(name: str, kind: Kind, traceparent: str = "") -> Span:
    """The span of a request or job, in the sender's trace if it named one."""
    sent = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if sent is not None:
        return Span(name, kind, sent[1], sent[2], is_sampled=_is_sampled(sent[3]))
    trace_id = getrandbits(128) or 1
    # The rule of OpenTelemetry's TraceIdRatioBased, so that whoever else samples by it agrees.
    return Span(name, kind, f"{trace_id:032x}", "", is_sampled=trace_id & _LOWER_HALF < _bound)


def sender_of(traceparent: str) -> Span | None:
    """The span another process named, to be linked to; None when it named none, or nobody collects traces."""
    sent = _TRACEPARENT.fullmatch(traceparent) if _send is not None else None
    if sent is None:
        return None
    sender = Span("", Kind.INTERNAL, sent[1], "", is_sampled=_is_sampled(sent[3]))
    sender.span_id = sent[2]
    return sender


def _is_sampled(flags: str) -> bool:
    return _send is not None and bool(int(flags, 16) & _SAMPLED)


def step(span: Span | None, name: str, kind: Kind, attributes: Attributes) -> AbstractContextManager[Span | None]:
    """The span of one step within another's, for a block of code: none when the trace is not sampled."""
    if span is None or not span.is_sampled:
        return _NO_STEP
    child = span.child(name, kind)
    child.attributes = attributes
    return child


class JointWork:
    """Work that several requests wait for, as spans.

    It is done once, so it has one place: the first sampled trace, under the span `place`. Links lead from there to the
    requests of every other sampled trace.
    """

    def __init__(self, name: str, callers: Iterable[Span | None], kind: Kind = Kind.INTERNAL) -> None:
        self.place: Span | None = None
        self._span: Span | None = None
        sampled: dict[str, Span] = {}
        for span in callers:
            if span is not None:
                self.place = self.place or span
                if span.is_sampled:
                    sampled[span.span_id] = span
        if sampled:
            first, *others = sampled.values()
            self.place = self._span = first.child(name, kind)
            self._span.links = tuple(others)

    def end(self, attributes: Attributes) -> None:
        if self._span is not None:
            self._span.attributes = attributes
            self._span.end()
