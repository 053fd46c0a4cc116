"""What is sent to a collector, beside what the SDK's own encoder would send."""

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis import otlp, tracing
from chassis.tracing import Kind, Span

RESOURCE = Resource.create({"service.name": "catalog", "service.instance.id": "catalog-1"})
ATTRIBUTES: tracing.Attributes = {"db.query.summary": "get_items", "rows": 3, "url.path": "/books/在庫"}


def context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def as_the_sdk_has_it(span: Span, ended_ns: int, failure: str) -> ReadableSpan:
    return ReadableSpan(
        span.name,
        context=context(span.trace_id, span.span_id),
        parent=context(span.trace_id, span.parent_id) if span.parent_id else None,
        resource=RESOURCE,
        attributes=({"error.type": failure} if failure else {}) | span.attributes,
        links=[Link(context(linked.trace_id, linked.span_id)) for linked in span.links],
        kind=SpanKind[span.kind.value],
        status=Status(StatusCode.ERROR if failure else StatusCode.UNSET),
        start_time=span.started_ns,
        end_time=ended_ns,
        instrumentation_scope=otlp._SCOPE,
    )


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("failure", ["", "INTERNAL"])
def test_a_request_of_spans_is_what_the_sdk_would_have_made_of_them(kind: Kind, failure: str):
    first = tracing.begin("first", kind)
    other = tracing.begin("another request", Kind.SERVER)
    second, third = first.child("second", kind), first.child("second", kind)
    second.attributes, second.links = ATTRIBUTES, (other, first)
    spans = (first, second, third)

    exporter = otlp._Exporter("http://127.0.0.1:1", RESOURCE)
    made = exporter._translate_data([otlp._Ended(otlp.encoded(span, 5, failure)) for span in spans])
    exporter.shutdown()

    assert made == encode_spans([as_the_sdk_has_it(span, 5, failure) for span in spans])


def test_a_copy_leaves_its_model_as_it_was():
    span = tracing.begin("query", Kind.CLIENT)
    plain = otlp.encoded(span, 5, "")
    crowded = span.child("query", Kind.CLIENT)
    crowded.attributes, crowded.links = ATTRIBUTES, (span,)
    otlp.encoded(crowded, 6, "")
    assert otlp.encoded(span, 5, "") == plain
