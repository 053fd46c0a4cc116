"""The ids a call carries: one entry of metadata where the request's id is that of its trace, two where it is not."""

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from chassis import context, grpc_client, tracing
from chassis.context import RequestContext
from chassis.tracing import Kind

SERVICE = "chassis.test.Echo"
Seen = tuple[dict[str, str], RequestContext]


@pytest.fixture
async def seen_by_the_other_side(serve, channel_to):
    """`await seen_by_the_other_side(request)` calls within the request; metadata and context of the one who answers."""
    seen: list[Seen] = []

    def add(_: object, server: grpc.aio.Server) -> None:
        async def say(message: StringValue, call: grpc.aio.ServicerContext) -> StringValue:
            seen.append((dict(call.invocation_metadata()), context.current()))
            return message

        handler = grpc.unary_unary_rpc_method_handler(say, StringValue.FromString, StringValue.SerializeToString)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Say": handler}),))

    method = channel_to((await serve(add, None)).target).unary_unary(
        f"/{SERVICE}/Say",
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )

    async def call(request: RequestContext) -> Seen:
        context.enter(request)
        await grpc_client.call(method, StringValue(), StringValue)
        return seen[-1]

    return call


async def test_a_request_that_is_known_by_its_trace_carries_one_entry(seen_by_the_other_side):
    span = tracing.begin("request", Kind.SERVER)
    metadata, there = await seen_by_the_other_side(RequestContext(span.trace_id, span=span))
    assert "x-request-id" not in metadata
    assert (there.request_id, there.span.trace_id, there.span.parent_id) == (span.trace_id, span.trace_id, span.span_id)


async def test_a_request_with_an_id_of_its_own_carries_both(seen_by_the_other_side):
    span = tracing.begin("request", Kind.SERVER)
    metadata, there = await seen_by_the_other_side(RequestContext("request-1", span=span))
    assert metadata["x-request-id"] == "request-1"
    assert (there.request_id, there.span.trace_id) == ("request-1", span.trace_id)


async def test_a_call_of_no_request_is_a_request_there(seen_by_the_other_side):
    _, there = await seen_by_the_other_side(RequestContext())
    assert there.request_id == there.span.trace_id
