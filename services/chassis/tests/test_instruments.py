"""The instruments of hot paths tell the same as prometheus_client's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client import Histogram as TheirHistogram
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from chassis.instruments import Histogram, Level

BUCKETS = (0.001, 0.01, 1.0)


@pytest.fixture
def forget():
    """`forget(collector)` at the end of the test."""
    collectors = []
    yield collectors.append
    for collector in collectors:
        REGISTRY.unregister(collector)


def told_by(collector, generate=generate_latest) -> list[str]:
    registry = CollectorRegistry()
    registry.register(collector)
    return [line for line in generate(registry).decode().splitlines() if "_created" not in line]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 2) | st.sampled_from(BUCKETS))))
def test_a_histogram_tells_what_the_librarys_tells(values):
    ours = Histogram("seconds", "How long.", ("who",), buckets=BUCKETS)
    REGISTRY.unregister(ours)
    theirs = TheirHistogram("seconds", "How long.", ("who",), buckets=BUCKETS, registry=None)
    for who, value in values:
        ours.labels(who).observe(value)
        theirs.labels(who).observe(value)
    assert told_by(ours) == told_by(theirs)


def test_a_histogram_without_labels_is_there_before_anything_was_observed(forget):
    histogram = Histogram("lag_seconds", "How late.", buckets=BUCKETS)
    forget(histogram)
    assert REGISTRY.get_sample_value("lag_seconds_count") == 0
    histogram.observe(0.5)
    assert REGISTRY.get_sample_value("lag_seconds_count") == 1
    assert REGISTRY.get_sample_value("lag_seconds_bucket", {"le": "0.01"}) == 0
    assert REGISTRY.get_sample_value("lag_seconds_sum") == 0.5


def test_a_bucket_leads_to_the_latest_trace_that_fell_into_it(forget):
    histogram = Histogram("spent_seconds", "How long.", ("who",), buckets=BUCKETS)
    forget(histogram)
    for trace_id in ("early", "late"):
        histogram.labels("a").observe(0.005, {"trace_id": trace_id})
    histogram.labels("a").observe(0.006)
    (line,) = [line for line in told_by(histogram, generate_openmetrics) if 'le="0.01"' in line]
    assert 'trace_id="late"' in line
    assert " 3 # " in line or " 3.0 # " in line


def test_a_level_is_what_was_added_and_taken():
    level = Level("agora_level_of_this_test", "Something.")
    level.value += 3
    level.value -= 1
    assert REGISTRY.get_sample_value("agora_level_of_this_test") == 2
