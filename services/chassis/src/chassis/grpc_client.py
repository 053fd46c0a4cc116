"""gRPC channels to other tiers: round robin over healthy replicas, deadlines passed on, retries inside the deadline."""

import json
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import grpc
from grpc.aio import AioRpcError, Channel, Metadata

from chassis import metrics, status, tracing
from chassis.context import RequestContext, TierTime, current
from chassis.errors import DeadlineExceeded, Refusal, Unavailable
from chassis.grpc_server import REQUEST_ID_KEY, TIERS_KEY, TRACEPARENT_KEY
from chassis.tracing import Kind, Span

ResponseT = TypeVar("ResponseT")

# A retry is safe for every RPC of the mesh: reads are, and each mutation carries the id that makes it idempotent.
# The budget (tokens) keeps retries from doubling the load on a tier that is failing.
_SERVICE_CONFIG: Final = json.dumps({
    "loadBalancingConfig": [{"round_robin": {}}],
    "healthCheckConfig": {"serviceName": ""},
    "methodConfig": [{
        "name": [{}],
        "retryPolicy": {
            "maxAttempts": 4,
            "initialBackoff": "0.02s",
            "maxBackoff": "0.3s",
            "backoffMultiplier": 3,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
})  # fmt: skip
_OPTIONS: Final = [
    ("grpc.service_config", _SERVICE_CONFIG),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.dns_min_time_between_resolutions_ms", 2_000),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 16_777_216),
]


class TierDown(Unavailable):
    reason = "TIER_DOWN"


def open_channel(target: str) -> Channel:
    """A channel to every replica behind `target`. It connects in the background and never fails here."""
    return grpc.aio.insecure_channel(target, options=_OPTIONS)


def is_ready(channel: Channel) -> bool:
    """Whether at least one replica is connected and SERVING; an idle channel is told to connect."""
    return channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY


async def call(method: Callable[..., Any], request: object, response_type: type[ResponseT]) -> ResponseT:
    """Call a unary RPC within the current request's deadline, and note which tiers worked on it.

    Raises the refusal the other side spoke, TierDown when no replica can be reached, DeadlineExceeded.
    """
    context = current()
    remaining = context.remaining()
    if not remaining:
        raise DeadlineExceeded("the deadline passed before the call")
    name = method._method.decode().removeprefix("/")  # type: ignore[attr-defined]  # noqa: SLF001 - told nowhere else
    started = time.perf_counter()
    try:
        with tracing.step(context.span, name, Kind.CLIENT, {"rpc.system.name": "grpc", "rpc.method": name}) as step:
            rpc = method(request, timeout=remaining, metadata=_metadata(context, step or context.span))
            response = await rpc
    except AioRpcError as error:
        _observe(name, error.code().name, started, context)
        _note_tiers(context, error.trailing_metadata())
        raise _refusal_from(error) from None
    _observe(name, "OK", started, context)
    _note_tiers(context, await rpc.trailing_metadata())
    assert isinstance(response, response_type)
    return response


def _metadata(context: RequestContext, span: Span | None) -> tuple[tuple[str, str], ...]:
    """One entry where one will do: a request that began its trace here is known by the id of that trace."""
    request_id = (REQUEST_ID_KEY, context.request_id)
    if span is None:
        return (request_id,)
    traceparent = (TRACEPARENT_KEY, span.traceparent)
    return (traceparent,) if context.request_id == span.trace_id else (request_id, traceparent)


def _observe(name: str, code: str, started: float, context: RequestContext) -> None:
    metrics.rpc_client_duration(name, code).observe(time.perf_counter() - started, context.exemplar)


def _refusal_from(error: AioRpcError) -> Refusal:
    refusal = status.refusal_from(error)
    # A replica at the end of its drain cancels the calls it still has.
    if type(refusal) is Unavailable or error.code() is grpc.StatusCode.CANCELLED:
        # Without a reason it was spoken by gRPC itself, whose words hold addresses.
        return TierDown("a needed service is not available")
    if type(refusal) is DeadlineExceeded:
        return DeadlineExceeded("the deadline passed")
    return refusal


def _note_tiers(context: RequestContext, trailers: Metadata | None) -> None:
    for entry in str(trailers.get(TIERS_KEY, "") if trailers is not None else "").split(","):
        if entry:
            tier, instance, milliseconds = entry.split("/")
            context.tiers.append(TierTime(tier, instance, float(milliseconds)))
