"""The gRPC server of a service: one interceptor for context, errors and metrics; health; a shutdown that drains."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg
import grpc
from grpc.aio import ServicerContext
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from chassis import metrics, status, tracing
from chassis.context import DEFAULT_TIMEOUT_S, RequestContext, TierTime, enter
from chassis.errors import Aborted, DeadlineExceeded, Internal, Refusal
from chassis.instruments import Observations
from chassis.logs import Fields, RequestLine
from chassis.settings import SettingsError
from chassis.tracing import Kind

logger = logging.getLogger(__name__)

# A name of its own in grpc.health.v1: SERVING as long as the loop answers, whatever the stores do.
LIVENESS: Final = "liveness"
# Likewise: NOT_SERVING while the service can be read only. It serves under its other names then.
WRITES: Final = "writes"
REQUEST_ID_KEY: Final = "x-request-id"
TRACEPARENT_KEY: Final = "traceparent"
TIERS_KEY: Final = "agora-tiers"
# Clients learn of NOT_SERVING through their open health watch; this is how long they have to stop sending.
_NOTICE_S: Final = 0.3
_DRAIN_S: Final = 10.0
_OPTIONS: Final = [
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a share of somebody's traffic
    ("grpc.max_connection_age_ms", 10_000),  # a balancer of connections, where there is one, finds new replicas
    ("grpc.max_connection_age_grace_ms", 30_000),
    # Clients ask for a sign of life every second (chassis.grpc_replicas), and may be early.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 500),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 1_048_576),
]

# Sent several times a second by every gateway: their lines are for debugging.
_MINOR: Final = "CacheLeaseService/GetCacheLease"
# Whose fault it is tells the code: only these are this side's, and so failures of a request.
_FAULTS: Final = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})

Behaviour = Callable[[Any, "ServicerContext[Any, Any]"], Awaitable[Any]]


class Interceptor(grpc.aio.ServerInterceptor):
    """Wraps every RPC with one answer once, at its first call; what it is asked may be one message or a stream."""

    def __init__(self, tier: str, instance: str) -> None:
        self._tier = tier
        self._instance = instance
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Any, Any] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Any, Any] | None":
        method = handler_call_details.method
        handler = self._handlers.get(method)
        if handler is None:
            handler = await continuation(handler_call_details)
            if handler is not None and not handler.response_streaming and not method.startswith("/grpc."):
                handler = self._wrap(method.removeprefix("/"), handler)
                self._handlers[method] = handler
        return handler

    def _wrap(self, method: str, handler: "grpc.RpcMethodHandler[Any, Any]") -> "grpc.RpcMethodHandler[Any, Any]":
        behaviour: Behaviour = handler.unary_unary or handler.stream_unary  # type: ignore[assignment]
        note = _Notes(method).note

        async def answer(request: Any, call: "ServicerContext[Any, Any]") -> Any:
            started = time.perf_counter()
            context = _context_of(method, call)
            enter(context)
            metrics.RPC_ACTIVE.value += 1
            try:
                response = await behaviour(request, call)
            except asyncio.CancelledError:  # the sender left, or its deadline passed
                note(context, "CANCELLED", started)
                raise
            except grpc.aio.AbortError:
                raise
            except Exception as error:
                refusal = refusal_of(error, method)
                code = status.code_of(refusal)
                note(context, code.name, started)
                await call.abort(code, refusal.message, (*status.details_of(refusal), self._tiers(context, started)))
            finally:
                metrics.RPC_ACTIVE.value -= 1
            note(context, "OK", started)
            call.set_trailing_metadata((self._tiers(context, started),))
            return response

        make = (
            grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler
        )
        return make(
            answer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _tiers(self, context: RequestContext, started: float) -> tuple[str, str | bytes]:
        own = TierTime(self._tier, self._instance, (time.perf_counter() - started) * 1000)
        return TIERS_KEY, ",".join(f"{t.tier}/{t.instance}/{t.milliseconds:.3f}" for t in (*context.tiers, own))


class _Notes:
    """What is told of an RPC once it is answered: its metric, its span, its line in the log."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._endings: dict[str, tuple[Observations, RequestLine]] = {}

    def note(self, context: RequestContext, code: str, started: float) -> None:
        seconds = time.perf_counter() - started
        duration, line = self._endings.get(code) or self._ending(code)
        duration.observe(seconds, context.exemplar)
        failure = code if code in _FAULTS else ""
        if context.span is not None and context.span.is_sent(failure):
            context.span.attributes = {
                "rpc.system.name": "grpc",
                "rpc.method": self._method,
                "rpc.response.status_code": code,
            }
            context.span.end(failure)
        line.write(context, seconds)

    def _ending(self, code: str) -> tuple[Observations, RequestLine]:
        fields: Fields = {"rpc_method": self._method, "status": code}
        minor = self._method.endswith(_MINOR)
        line = RequestLine(logger, f"{self._method} {code}", fields, failed=code in _FAULTS, minor=minor)
        ending = self._endings[code] = metrics.RPC_DURATION.labels(self._method, code), line
        return ending


def _context_of(method: str, call: "ServicerContext[Any, Any]") -> RequestContext:
    remaining = call.time_remaining()
    deadline = time.monotonic() + (DEFAULT_TIMEOUT_S if remaining is None else remaining)
    metadata = dict(call.invocation_metadata() or ())
    span = tracing.begin(method, Kind.SERVER, str(metadata.get(TRACEPARENT_KEY, "")))
    return RequestContext(str(metadata.get(REQUEST_ID_KEY) or span.trace_id), deadline, span=span)


def refusal_of(error: Exception, method: str) -> Refusal:
    """What the sender is told of whatever a method raised."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError):
        return Aborted("a concurrent change came first, try again")
    if isinstance(error, TimeoutError):
        return DeadlineExceeded("the deadline passed")
    # A bug, or something nobody foresaw: the sender learns nothing of it, the log everything.
    logger.error("unexpected error in %s", method, exc_info=error)
    return Internal("an internal error occurred")


class _Health(health_aio.HealthServicer):
    """Ends its watches when asked: they stay open for ever, and a graceful stop would wait for them to the last."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: set[asyncio.Timeout] = set()
        self._end: float | None = None

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:  # noqa: N802 - the proto's name
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._end) as watch:
                self._watches.add(watch)
                try:
                    await super().Watch(request, context)
                finally:
                    self._watches.discard(watch)

    def end_watches(self) -> None:
        self._end = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(self._end)


class GrpcServer:
    """A service's gRPC port. Its health is NOT_SERVING until `set_serving(True)`."""

    def __init__(self, tier: str, instance: str, host: str, port: int) -> None:
        self.server = grpc.aio.server(interceptors=[Interceptor(tier, instance)], options=_OPTIONS)
        self.port = port
        self._address = f"{host}:{port}"
        self._health = _Health()
        self._names = [""]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.server)

    async def start(self, *service_names: str) -> None:
        """Listen. `service_names` are the full proto names that health is told for, besides the server's own "".

        Raises SettingsError when the port is taken. Port 0 takes a free one, which `port` then tells.
        """
        self._names += service_names
        await self.set_serving(False)
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        try:
            self.port = self.server.add_insecure_port(self._address)
        except RuntimeError:
            self.port = 0
        if self.port == 0:
            raise SettingsError(f"GRPC_PORT: cannot listen on {self._address}, is it taken?")
        await self.server.start()

    async def set_serving(self, serving: bool) -> None:
        """Tell every health check and every open health watch."""
        for name in self._names:
            await self.set_health(name, serving)

    async def set_health(self, name: str, serving: bool) -> None:
        state = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        await self._health.set(name, state)

    async def stop(self) -> None:
        """Turn NOT_SERVING, let clients notice, then finish what has begun."""
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(_NOTICE_S)
        self._health.end_watches()
        await self.server.stop(_DRAIN_S)
