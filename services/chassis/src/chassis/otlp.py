"""Sends spans to an OpenTelemetry collector. Imported only by a process that was told of one.

The SDK queues, batches, sends and retries. It encodes only the first span of each name and kind; the others are copies
of that with ids, times and attributes of their own, which takes a tenth of the time (see docs/observability.md).
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis import tracing
from chassis.settings import ProcessSettings

# For what is encoded as a model of others. The flag tells the SDK's processor to pass a span on.
_ANY: Final = SpanContext(1, 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
_SCOPE: Final = InstrumentationScope("agora")
_TIMEOUT_S: Final = 5.0
# A process that stops does not wait for a collector that is away.
_LAST_CALL_S: Final = 2.0
# Most of them come again and again; paths with ids in them do not.
_ATTRIBUTES_KEPT: Final = 1024


@contextmanager
def exporting(tier: str, settings: ProcessSettings, endpoint: str) -> Iterator[None]:
    """Trace while the block runs; at its end, send what is left."""
    resource = Resource.create({
        "service.name": tier,
        "service.namespace": "agora",
        "service.instance.id": settings.instance_name,
    })  # fmt: skip
    exporter = _Exporter(endpoint, resource)
    processor = BatchSpanProcessor(exporter)

    def send(span: tracing.Span, ended_ns: int, failure: str) -> None:
        processor.on_end(_Ended(encoded(span, ended_ns, failure)))

    tracing.start(send, settings.trace_ratio)
    try:
        yield
    finally:
        tracing.stop()
        last_call = threading.Timer(_LAST_CALL_S, exporter.shutdown)
        last_call.start()
        processor.shutdown()  # type: ignore[no-untyped-call]
        last_call.cancel()


class _Ended(ReadableSpan):
    """A span on its way through the SDK's processor, which asks only whether it is sampled."""

    context = _ANY

    def __init__(self, proto: trace_pb2.Span) -> None:
        self.proto = proto


class _Exporter(OTLPSpanExporter):
    """Sends spans that are encoded already."""

    def __init__(self, endpoint: str, resource: Resource) -> None:
        super().__init__(endpoint=endpoint, insecure=not endpoint.startswith("https:"), timeout=_TIMEOUT_S)
        self._envelope = encode_spans([ReadableSpan("", context=_ANY, resource=resource, instrumentation_scope=_SCOPE)])
        _scope_of(self._envelope).ClearField("spans")

    def _translate_data(self, data: Sequence[ReadableSpan]) -> ExportTraceServiceRequest:
        request = ExportTraceServiceRequest()
        request.CopyFrom(self._envelope)
        _scope_of(request).spans.extend(ended.proto for ended in data if isinstance(ended, _Ended))
        return request


def _scope_of(request: ExportTraceServiceRequest) -> trace_pb2.ScopeSpans:
    return request.resource_spans[0].scope_spans[0]


def encoded(span: tracing.Span, ended_ns: int, failure: str) -> trace_pb2.Span:
    """As it is sent. `failure` says in a word how it failed."""
    proto = trace_pb2.Span()
    proto.CopyFrom(_model(span.name, span.kind, failure))
    proto.trace_id = bytes.fromhex(span.trace_id)
    proto.span_id = bytes.fromhex(span.span_id)
    proto.parent_span_id = bytes.fromhex(span.parent_id)
    proto.start_time_unix_nano = span.started_ns
    proto.end_time_unix_nano = ended_ns
    proto.attributes.extend([_attribute(name, value) for name, value in span.attributes.items()])
    for linked in span.links:
        ids = {"trace_id": bytes.fromhex(linked.trace_id), "span_id": bytes.fromhex(linked.span_id)}
        proto.links.add(**ids, flags=proto.flags)
    return proto


@cache
def _model(name: str, kind: tracing.Kind, failure: str) -> trace_pb2.Span:
    span = ReadableSpan(
        name,
        context=_ANY,
        resource=Resource({}),
        attributes={"error.type": failure} if failure else {},
        kind=SpanKind[kind.value],
        status=Status(StatusCode.ERROR if failure else StatusCode.UNSET),
    )
    return _scope_of(encode_spans([span])).spans[0]


@lru_cache(_ATTRIBUTES_KEPT)
def _attribute(name: str, value: str | int) -> KeyValue:
    return KeyValue(key=name, value=_any(value))


def _any(value: str | int) -> AnyValue:
    return AnyValue(string_value=value) if isinstance(value, str) else AnyValue(int_value=value)
