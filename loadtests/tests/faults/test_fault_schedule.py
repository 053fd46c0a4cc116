"""Faults are random, of every kind, and the same for the same seed."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from loadtests.faults.fault_schedule import OF_LINKS, Kind, schedule

PROCESSES = ["catalog-0", "catalog-1", "order-0", "order-1", "gateway-0", "gateway-1", "postgres", "cache", "stream"]
LINKS = [("gateway-0", "catalog-0"), ("gateway-0", "catalog-1"), ("catalog-0", "postgres"), ("catalog-1", "postgres")]


@given(st.integers())
def test_a_seed_always_makes_the_same_faults(seed):
    assert schedule(Random(seed), PROCESSES, LINKS, 5.0) == schedule(Random(seed), PROCESSES, LINKS, 5.0)


@given(st.integers())
def test_faults_come_in_order_and_strike_known_targets(seed):
    faults = schedule(Random(seed), PROCESSES, LINKS, 5.0)
    moments = [fault.at_s for fault in faults]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] <= 5.0
    assert {name for fault in faults for name in fault.processes} <= set(PROCESSES)
    assert {link for fault in faults for link in fault.links} <= set(LINKS)


def test_schedule_draws_every_kind_and_target_in_time():
    faults = [fault for seed in range(300) for fault in schedule(Random(seed), PROCESSES, LINKS, 5.0)]
    assert {fault.kind for fault in faults} == set(Kind)
    for kind in (Kind.KILL, Kind.PAUSE):
        struck = [set(fault.processes) for fault in faults if fault.kind is kind]
        assert set().union(*struck) == set(PROCESSES)
        assert {"order-0", "order-1"} in struck
    links = [set(fault.links) for fault in faults if fault.kind in OF_LINKS]
    assert {("gateway-0", "catalog-0"), ("gateway-0", "catalog-1")} in links
    assert {("catalog-0", "postgres"), ("catalog-1", "postgres")} in links


def test_schedule_without_links_has_no_faults_of_them():
    faults = [fault for seed in range(100) for fault in schedule(Random(seed), PROCESSES, [], 5.0)]
    assert not {fault.kind for fault in faults} & set(OF_LINKS)
