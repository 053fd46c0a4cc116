"""What is made of the latencies and times that drivers bring back."""

from array import array
from collections import Counter

import pytest
from loadtests.driver.clients import tiers_of
from loadtests.driver.load import Outcome, merged
from loadtests.experiments.cpu import cpu_ms_per_operation
from loadtests.experiments.results import Cell, run_of

CELL = Cell("marketplace", "rest", "tiered", "search_items", 10)


def outcome(latencies, began=0.0, ended=1.0, **rest):
    return Outcome(latencies=array("d", latencies), began=began, ended=ended, **rest)


def test_throughput_is_the_mean_of_the_runs_and_latencies_are_of_all_runs_together():
    fast, slow = outcome([0.001] * 300), outcome([0.003] * 100)
    run = run_of(CELL, [fast, slow], {"total": 1.0})
    assert (run.runs, run.operations, run.throughput_per_s) == (2, 400, 200.0)
    assert run.latency_ms == {"mean": 1.5, "p50": 1.0, "p95": 3.0, "p99": 3.0}


def test_percentiles_are_those_of_the_sorted_latencies():
    run = run_of(CELL, [outcome([index / 1000 for index in range(101)])], {"total": 1.0})
    assert run.latency_ms == {"mean": 50.0, "p50": 50.0, "p95": 95.0, "p99": 99.0}
    assert run.latency_distribution_ms["100"] == 100.0


def test_errors_of_all_runs_count():
    bad = outcome([0.001], errors=Counter({"500": 2, "connection lost": 1}))
    assert run_of(CELL, [bad, outcome([0.001])], {"total": 1.0}).errors == 3


def test_a_tier_that_worked_on_few_answers_counts_for_all_of_them():
    sampled = outcome([0.001] * 16, tier_ms={"gateway": 4.0, "catalog": 1.0}, tiers_read=2)
    assert run_of(CELL, [sampled], {"total": 1.0}).tier_ms == {"gateway": 2.0, "catalog": 0.5}


def test_drivers_that_ran_together_make_one_run_from_the_first_start_to_the_last_end():
    whole = merged([outcome([0.1] * 3, 10.0, 11.0, cpu_seconds=0.2), outcome([0.1] * 5, 10.5, 12.0, cpu_seconds=0.7)])
    assert (whole.throughput, whole.seconds, whole.cpu_seconds) == (4.0, 2.0, 0.7)


def test_cpu_is_per_operation_and_a_killed_process_costs_nothing():
    cost = cpu_ms_per_operation({"gateway": 1.0, "cache": 5.0}, {"gateway": 1.5, "cache": 0.0}, 1000)
    assert cost == {"gateway": 0.5, "cache": 0.0, "total": 0.5}


def test_server_timing_is_read_by_tier():
    assert tiers_of("gateway;dur=1.2, catalog;dur=0.4") == {"gateway": pytest.approx(1.2), "catalog": 0.4}
