"""Spans without a collector: who is sampled, who is whose parent, and what is sent."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from chassis import tracing
from chassis.batching import Batcher
from chassis.context import RequestContext, current, enter
from chassis.tracing import JointWork, Kind, Span

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"


@pytest.fixture
def sent() -> Iterator[list[tuple[Span, str]]]:
    """Every span that was sent, with how it failed."""
    spans: list[tuple[Span, str]] = []
    tracing.start(lambda span, _, failure: spans.append((span, failure)), 0.25)
    yield spans
    tracing.stop()


def begun(traceparent: str = SAMPLED) -> Span:
    return tracing.begin("request", Kind.SERVER, traceparent)


def test_nothing_is_sampled_until_tracing_is_started():
    assert not begun("").is_sampled
    assert not begun(SAMPLED).is_sampled
    assert tracing.sender_of(SAMPLED) is None


def test_a_request_has_the_ids_of_its_senders_trace_though_nobody_collects_traces():
    span = begun()
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)
    assert span.traceparent == f"00-{TRACE}-{span.span_id}-00"


def test_what_fails_while_nobody_collects_traces_is_not_sent(sent):
    tracing.stop()
    begun().end("INTERNAL")
    assert not sent


def test_a_process_without_a_collector_does_not_import_the_exporter():
    script = (
        "import sys, chassis.service; sys.exit(any(name.startswith('opentelemetry.exporter') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_request_goes_on_with_its_senders_trace_and_decision(sent):
    span = begun()
    assert (span.trace_id, span.parent_id, span.is_sampled) == (TRACE, PARENT, True)
    assert span.traceparent == f"00-{TRACE}-{span.span_id}-01"
    assert not begun(UNSAMPLED).is_sampled


@pytest.mark.parametrize(
    "traceparent",
    ["", "garbage", SAMPLED.upper(), f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", SAMPLED + "-x"],
)
def test_what_is_no_traceparent_begins_a_trace(sent, traceparent: str):
    span = begun(traceparent)
    assert not span.parent_id
    assert span.trace_id != TRACE


def test_of_the_traces_that_begin_here_a_share_is_sampled(sent):
    assert 150 < sum(begun("").is_sampled for _ in range(1000)) < 350


def test_only_sampled_requests_have_steps(sent):
    assert tracing.step(begun(UNSAMPLED), "query", Kind.CLIENT, {}).__enter__() is None
    assert tracing.step(None, "query", Kind.CLIENT, {}).__enter__() is None
    request = begun()
    with tracing.step(request, "query", Kind.CLIENT, {"db.query.summary": "query"}) as step:
        assert step.parent_id == request.span_id
    assert [(span.name, failure) for span, failure in sent] == [("query", "")]


def test_a_step_that_raises_has_failed(sent):
    with pytest.raises(KeyError), tracing.step(begun(), "query", Kind.CLIENT, {}):
        raise KeyError
    assert [failure for _, failure in sent] == ["KeyError"]


def test_a_failed_request_is_sent_though_it_is_not_sampled(sent):
    begun(UNSAMPLED).end()
    failed = begun(UNSAMPLED)
    failed.end("INTERNAL")
    assert sent == [(failed, "INTERNAL")]


def test_joint_work_has_its_place_in_the_first_sampled_trace_and_links_to_the_others(sent):
    unsampled, first, second = begun(UNSAMPLED), begun(""), begun("")
    first.is_sampled = second.is_sampled = True
    work = JointWork("batch", [unsampled, None, first, second, first])
    work.end({"agora.batch.size": 4})
    [(batch, _)] = sent
    assert work.place is batch
    assert (batch.parent_id, batch.attributes) == (first.span_id, {"agora.batch.size": 4})
    assert batch.links == (second,)


def test_joint_work_of_nobody_sampled_keeps_a_trace_id_for_the_log(sent):
    unsampled = begun(UNSAMPLED)
    work = JointWork("batch", [None, unsampled])
    work.end({})
    assert work.place is unsampled
    assert not sent


async def test_what_a_batch_does_stands_under_its_span(sent):
    async def flush(keys: list[str]) -> list[str]:
        with tracing.step(current().span, "query", Kind.CLIENT, {}):
            return keys

    request = begun()
    enter(RequestContext(span=request))
    assert await Batcher("look_up", flush, max_size=10, max_in_flight=1).submit("key") == "key"
    (query, _), (batch, _) = sent
    assert (query.name, batch.name) == ("query", "look_up")
    assert (query.parent_id, batch.parent_id) == (batch.span_id, request.span_id)
