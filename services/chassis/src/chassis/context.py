"""What travels with a request through a process: its id, its deadline, its span, and which tiers worked on it."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from chassis.tracing import Span

DEFAULT_TIMEOUT_S = 5.0


class TierTime(NamedTuple):
    """Time one replica of a tier spent on a request, what it waited for included."""

    tier: str
    instance: str
    milliseconds: float


@dataclass(slots=True)
class RequestContext:
    """One request. `deadline` is a reading of `time.monotonic`."""

    request_id: str = ""
    deadline: float = field(default_factory=lambda: time.monotonic() + DEFAULT_TIMEOUT_S)
    tiers: list[TierTime] = field(default_factory=list)
    span: Span | None = None

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def exemplar(self) -> dict[str, str] | None:
        """What leads from a histogram to the request's trace, if that is sampled."""
        return self.span.exemplar if self.span is not None else None


_current: ContextVar[RequestContext | None] = ContextVar("agora_request", default=None)


def current() -> RequestContext:
    """The request being served; outside of one, a fresh context with the default deadline."""
    return _current.get() or RequestContext()


def enter(context: RequestContext) -> None:
    """Make `context` the current one for the running task and those it starts."""
    _current.set(context)


def current_request_id() -> str:
    context = _current.get()
    return context.request_id if context else ""


def restart_deadline() -> None:
    """Leave out what the network took of the request's time, which is not the services' to answer for."""
    current().deadline = time.monotonic() + DEFAULT_TIMEOUT_S
