"""Faults are random, and the same for the same seed."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from loadtests.faults.fault_schedule import schedule

PROCESSES = ["catalog-0", "catalog-1", "order-0", "order-1", "gateway-0", "gateway-1", "postgres", "cache", "stream"]


@given(st.integers())
def test_a_seed_always_makes_the_same_faults(seed):
    assert schedule(Random(seed), PROCESSES, 5.0) == schedule(Random(seed), PROCESSES, 5.0)


@given(st.integers())
def test_faults_come_in_the_order_of_time_and_strike_known_processes(seed):
    faults = schedule(Random(seed), PROCESSES, 5.0)
    moments = [fault.at_s for fault in faults]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] <= 5.0
    assert {fault.process for fault in faults} <= set(PROCESSES)


def test_in_time_everything_is_killed_and_paused_and_whole_tiers_at_once():
    many = [schedule(Random(seed), PROCESSES, 5.0) for seed in range(200)]
    faults = [fault for round_ in many for fault in round_]
    assert {fault.process for fault in faults if fault.pause_s} == set(PROCESSES)
    assert {fault.process for fault in faults if not fault.pause_s} == set(PROCESSES)
    assert any({f.process for f in faults if f.at_s == fault.at_s} == {"order-0", "order-1"} for fault in faults)
