"""Calls to other tiers: deadlines and traces passed on, errors translated, the tiers that worked on a call noted."""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import grpc
from grpc.aio import AioRpcError, Channel, Metadata
from grpc_health.v1 import health_pb2

from chassis import metrics, status, tracing
from chassis.context import RequestContext, TierTime, current, enter
from chassis.errors import DeadlineExceeded, Refusal, Unavailable
from chassis.grpc_attempts import NoReplica, send
from chassis.grpc_channel import Method, ReplicatedChannel
from chassis.grpc_server import REQUEST_ID_KEY, TIERS_KEY, TRACEPARENT_KEY, WRITES
from chassis.tracing import Kind, Span

ResponseT = TypeVar("ResponseT")

_WRITES_TOLD_WITHIN_S: Final = 0.5


class TierDown(Unavailable):
    reason = "TIER_DOWN"


def open_channel(target: str) -> Channel:
    """A channel to every replica behind `target`. It connects in the background and never fails here."""
    return cast(Channel, ReplicatedChannel(target))


async def until_ready(channel: Channel) -> None:
    """Return when at least one replica is connected and SERVING."""
    await cast(ReplicatedChannel, channel).replicas.some_ready.wait()


async def is_writable(channel: Channel) -> bool:
    """Whether the tier takes changes, as far as it says; a tier that cannot be asked is not read-only."""
    enter(RequestContext(deadline=time.monotonic() + _WRITES_TOLD_WITHIN_S))
    check = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    try:
        answer = await call(check, health_pb2.HealthCheckRequest(service=WRITES), health_pb2.HealthCheckResponse)
    except Refusal:
        return True
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def call(
    method: Callable[..., Any], request: object, response_type: type[ResponseT], *, hedge: bool = True
) -> ResponseT:
    """Call an RPC that has one answer within the current request's deadline, and note which tiers worked on it.

    Without `hedge` a replica that is silent is waited for: the call is slow by design, and costs too much to do twice.
    Raises the refusal the other side spoke, TierDown when no replica can be reached, DeadlineExceeded.
    """
    context = current()
    if not context.remaining():
        raise DeadlineExceeded("the deadline passed before the call")
    assert isinstance(method, Method)  # what the stubs of a channel of ours have
    name = method.name
    started = time.perf_counter()
    try:
        with tracing.step(context.span, name, Kind.CLIENT, {"rpc.system.name": "grpc", "rpc.method": name}) as step:
            response, rpc = await send(
                method, request, context.deadline, _metadata(context, step or context.span), hedge=hedge
            )
    except NoReplica:
        _observe(name, grpc.StatusCode.UNAVAILABLE.name, started, context)
        raise TierDown("a needed service is not available") from None
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
