"""Sends spans to an OpenTelemetry collector. Imported only by a process that was told of one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis import tracing
from chassis.settings import ProcessSettings

_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_SCOPE: Final = InstrumentationScope("agora")
_UNSET: Final = Status(StatusCode.UNSET)
_KINDS: Final = {kind: SpanKind[kind.value] for kind in tracing.Kind}
_TIMEOUT_S: Final = 5.0
# A process that stops does not wait for a collector that is away.
_LAST_CALL_S: Final = 2.0


@contextmanager
def exporting(tier: str, settings: ProcessSettings, endpoint: str) -> Iterator[None]:
    """Trace while the block runs; at its end, send what is left."""
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https:"), timeout=_TIMEOUT_S)
    processor = BatchSpanProcessor(exporter)
    resource = Resource.create({
        "service.name": tier,
        "service.namespace": "agora",
        "service.instance.id": settings.instance_name,
    })  # fmt: skip

    def send(span: tracing.Span, ended_ns: int, failure: str) -> None:
        processor.on_end(_readable(span, ended_ns, failure, resource))

    tracing.start(send, settings.trace_ratio)
    try:
        yield
    finally:
        tracing.stop()
        last_call = threading.Timer(_LAST_CALL_S, exporter.shutdown)
        last_call.start()
        processor.shutdown()  # type: ignore[no-untyped-call]
        last_call.cancel()


def _readable(span: tracing.Span, ended_ns: int, failure: str, resource: Resource) -> ReadableSpan:
    """The SDK's own span would cost several times as much to begin and to end: see docs/adr."""
    return ReadableSpan(
        span.name,
        context=_context(span.trace_id, span.span_id),
        parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
        resource=resource,
        attributes=span.attributes | {"error.type": failure} if failure else span.attributes,
        links=[Link(_context(linked.trace_id, linked.span_id)) for linked in span.links],
        kind=_KINDS[span.kind],
        status=Status(StatusCode.ERROR) if failure else _UNSET,
        start_time=span.started_ns,
        end_time=ended_ns,
        instrumentation_scope=_SCOPE,
    )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=_SAMPLED)
