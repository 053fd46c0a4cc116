"""The one translation between refusals and gRPC statuses. Every status carries `google.rpc.ErrorInfo` (AIP-193)."""

from typing import Final

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc.aio import AioRpcError, Metadata

from chassis import errors
from chassis.errors import Refusal

DOMAIN: Final = "agora"
_DETAILS_KEY: Final = "grpc-status-details-bin"
# gRPC's own word to a client not to send a failed call again.
PUSHBACK: Final = ("grpc-retry-pushback-ms", "-1")

CODES: Final[dict[type[Refusal], grpc.StatusCode]] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}
_CATEGORIES: Final = {code: category for category, code in CODES.items()}
_CODES_BY_NUMBER: Final = {code.value[0]: code for code in CODES.values()}
_CONCERN_ALL: Final = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}


class RemoteRefusal(Refusal):
    """A refusal that another service spoke, or that was stored; its reason and metadata are kept as they came.

    Relayed, it is not retried again: who was called has done so, and each tier would multiply the attempts.
    """

    is_retryable = False

    def __init__(self, code: grpc.StatusCode, reason: str, message: str, metadata: dict[str, str]) -> None:
        super().__init__(message, metadata)
        self.code = code
        self.reason = reason  # type: ignore[misc]  # the class attribute of a local refusal is this one's own
        self.concerns_all = code in _CONCERN_ALL


def code_of(refusal: Refusal) -> grpc.StatusCode:
    """The status code of a refusal's category."""
    if isinstance(refusal, RemoteRefusal):
        return refusal.code
    return next(CODES[base] for base in type(refusal).__mro__ if base in CODES)


def details_of(refusal: Refusal) -> tuple[tuple[str, str | bytes], ...]:
    """Trailing metadata with the refusal's reason, for `ServicerContext.abort`."""
    details = (_DETAILS_KEY, serialize(refusal))
    return (details,) if refusal.is_retryable else (details, PUSHBACK)


def serialize(refusal: Refusal) -> bytes:
    """Return the refusal as a `google.rpc.Status`."""
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=refusal.metadata)
    packed = any_pb2.Any()
    packed.Pack(info)
    status = status_pb2.Status(code=code_of(refusal).value[0], message=refusal.message, details=[packed])
    serialized: bytes = status.SerializeToString()
    return serialized


def parse(serialized: bytes) -> Refusal:
    """Return the refusal that `serialize` made the bytes of."""
    status = status_pb2.Status.FromString(serialized)
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    return RemoteRefusal(_CODES_BY_NUMBER[status.code], info.reason, status.message, dict(info.metadata))


def refusal_from(error: AioRpcError) -> Refusal:
    """The refusal behind a failed call: the remote one with its reason, or the category its code alone tells."""
    code = error.code()
    message = error.details() or ""
    info = _error_info(error.trailing_metadata())
    if info is not None:
        return RemoteRefusal(code, info.reason, message, dict(info.metadata))
    category = _CATEGORIES.get(code)
    if category is None:
        return RemoteRefusal(code, code.name, message, {})
    return category(message)


def _error_info(metadata: Metadata | None) -> error_details_pb2.ErrorInfo | None:
    details = metadata.get(_DETAILS_KEY) if metadata is not None else None
    if not isinstance(details, bytes):
        return None
    info = error_details_pb2.ErrorInfo()
    try:
        unpacked = any(packed.Unpack(info) for packed in status_pb2.Status.FromString(details).details)
    except DecodeError:  # not written by us
        return None
    return info if unpacked else None
