"""Reading what processes count, and reckoning with it."""

import pytest

from localmesh.samples import Samples

HTTP = "http_server_request_duration_seconds"


def requests(fast: float, slow: float, status: str = "200") -> dict:
    """So many within 10 ms, and so many more within 100 ms."""
    labels = {"http_response_status_code": status}
    counts = {"0.01": fast, "0.1": fast + slow, "+Inf": fast + slow}
    buckets = {(f"{HTTP}_bucket", frozenset((labels | {"le": le}).items())): count for le, count in counts.items()}
    return buckets | {(f"{HTTP}_count", frozenset(labels.items())): fast + slow}


def test_only_what_was_added_since_counts():
    between = Samples(requests(50, 150)).since(Samples(requests(40, 60)))
    assert between.requests == 100
    assert between.duration(0.05) == pytest.approx(0.005)
    assert between.duration(0.55) == pytest.approx(0.055)


def test_a_process_that_began_anew_counts_nothing_rather_than_less():
    assert Samples(requests(1, 0)).since(Samples(requests(40, 60))).requests == 0


def test_failures_are_those_of_the_server():
    samples = Samples(requests(5, 0, "503") | requests(7, 0, "409"))
    assert (samples.requests, samples.failures) == (12, 5)


def test_without_requests_there_is_no_duration_and_no_hit_ratio():
    samples = Samples({})
    assert (samples.duration(0.5), samples.hit_ratio, samples.highest("agora_votes_oldest_age_seconds")) == (None,) * 3


def test_what_took_longer_than_the_last_bucket_is_told_as_that():
    labels = {"le": "0.1"}, {"le": "+Inf"}
    series = {(f"{HTTP}_bucket", frozenset(each.items())): count for each, count in zip(labels, (0, 9), strict=True)}
    assert Samples(series).duration(0.5) == pytest.approx(0.1)


def test_a_process_that_does_not_answer_counts_nothing():
    assert Samples.read(["http://127.0.0.1:1/metrics"]).requests == 0
