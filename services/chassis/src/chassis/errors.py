"""The categories of refusal, from the domain to the wire.

    Refusal
     ├─ InvalidArgument      the request itself is wrong
     ├─ Unauthenticated      nobody, or no longer anybody
     ├─ PermissionDenied     somebody else's
     ├─ NotFound
     ├─ AlreadyExists
     ├─ Aborted              lost against a concurrent change; try again
     ├─ FailedPrecondition   the state of the shop does not allow it
     ├─ ResourceExhausted    a limit is reached; try later
     ├─ Unavailable          a store or a tier is down; safe to try again
     ├─ DeadlineExceeded
     └─ Internal             a defect of ours; the cause is in the log only

A domain subclasses a category and gives it a stable `reason`; `chassis.status` turns it into a gRPC status, and the
gateway's `problems` turns that into an HTTP answer. Nothing here knows either wire.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

# In the metadata of an error: after how many seconds it may be worth while to try again.
RETRY_AFTER_S: Final = "retry_after_s"


class Refusal(Exception):
    """A request was refused for a reason its sender may know."""

    reason: ClassVar[str]
    # Whether the same call, sent again at once, may succeed; only Unavailable is sent again at all.
    is_retryable: ClassVar[bool] = True
    # True when a store or a tier is away: then the other members of a batch would fail alone just as well.
    concerns_all: bool = False

    def __init__(self, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata or {})


class InvalidArgument(Refusal):
    reason = "INVALID_ARGUMENT"


class Unauthenticated(Refusal):
    reason = "UNAUTHENTICATED"


class PermissionDenied(Refusal):
    reason = "PERMISSION_DENIED"


class NotFound(Refusal):
    reason = "NOT_FOUND"


class AlreadyExists(Refusal):
    reason = "ALREADY_EXISTS"


class Aborted(Refusal):
    reason = "ABORTED"


class FailedPrecondition(Refusal):
    reason = "FAILED_PRECONDITION"


class ResourceExhausted(Refusal):
    reason = "RESOURCE_EXHAUSTED"


class Unavailable(Refusal):
    reason = "UNAVAILABLE"
    concerns_all = True


class DeadlineExceeded(Refusal):
    reason = "DEADLINE_EXCEEDED"
    concerns_all = True


class Internal(Refusal):
    reason = "INTERNAL"


class InvalidField(InvalidArgument):
    """One field of the request is wrong; `field` names it."""

    reason = "INVALID_FIELD"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}", {"field": field, "problem": problem})
        self.field = field


class IdempotencyKeyReused(InvalidArgument):
    """The request's id belongs to another request of the same sender."""

    reason = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was sent before with another request", {"field": "Idempotency-Key"})
