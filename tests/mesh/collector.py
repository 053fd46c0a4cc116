"""A collector of traces, as far as tests need one: a gRPC server of OTLP that keeps what it is sent."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, Self

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1 import trace_pb2


class Received(NamedTuple):
    """A span, with the attributes of whoever sent it beside its own."""

    tier: str
    instance: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    begin: int
    end: int
    links: tuple[str, ...]
    attributes: dict[str, str | int]
    has_failed: bool


class Collector(TraceServiceServicer):
    def __init__(self) -> None:
        self._spans: list[Received] = []
        self.endpoint = ""

    def Export(self, request: pb.ExportTraceServiceRequest, _: object) -> pb.ExportTraceServiceResponse:  # noqa: N802 - the proto's
        for of_process in request.resource_spans:
            process = _attributes(of_process.resource.attributes)
            for scope in of_process.scope_spans:
                self._spans += [_received(span, process) for span in scope.spans]
        return pb.ExportTraceServiceResponse()

    def trace(self, trace_id: str) -> list[Received]:
        return [span for span in self._spans if span.trace_id == trace_id]

    def await_trace(self, trace_id: str, spans: int, within_s: float = 60.0, *, last: str = "") -> list[Received]:
        """The trace once it has so many spans, the `last` to end among them, and only one lacks its parent.

        Else what there is by then.
        """
        give_up = time.monotonic() + within_s
        while True:
            found = self.trace(trace_id)
            ids = {span.span_id for span in found}
            orphans = [span for span in found if span.parent_id not in ids]
            is_there = not last or last in {span.name for span in found}
            if (len(found) >= spans and len(orphans) == 1 and is_there) or time.monotonic() > give_up:
                return found
            time.sleep(0.05)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        collector = cls()
        server = grpc.server(ThreadPoolExecutor(4))
        add_TraceServiceServicer_to_server(collector, server)
        collector.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            yield collector
        finally:
            server.stop(None)


def _received(span: trace_pb2.Span, process: dict[str, str | int]) -> Received:
    return Received(
        tier=str(process["service.name"]),
        instance=str(process["service.instance.id"]),
        name=span.name,
        kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        begin=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        links=tuple(link.span_id.hex() for link in span.links),
        attributes=_attributes(span.attributes),
        has_failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
    )


def _attributes(pairs: Sequence[object]) -> dict[str, str | int]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
