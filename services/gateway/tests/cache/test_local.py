"""The local tier by itself, with a clock of the test's own."""

import math

import pytest

from gateway.cache import local as local_module
from gateway.cache.local import LIFETIME_S, TRUSTED_S, LocalCache


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def local(clock) -> LocalCache:
    cache = LocalCache(max_entries=3, max_bytes=100, clock=clock)
    cache.open(clock.now)
    return cache


def put(local, key, value="value", size=1):
    local.put(key, value, size, local.ticket())


def test_it_shows_what_was_put(local):
    put(local, "a", "value", 7)
    assert local.get("a", math.inf) == "value"
    assert local.get("b", math.inf) is None
    assert local.size == (1, 7)


def test_a_new_value_takes_the_place_of_the_old_one_and_of_its_bytes(local):
    put(local, "a", "old", 90)
    put(local, "a", "new", 10)
    assert local.get("a", math.inf) == "new"
    assert local.size == (1, 10)


def test_least_recently_used_entries_go_first(local, count):
    evicted = count("evictions")
    for key in "abc":
        put(local, key)
    local.get("a", math.inf)
    put(local, "d")
    assert [key for key in "abcd" if local.get(key, math.inf)] == ["a", "c", "d"]
    assert count("evictions") == evicted + 1


def test_bytes_are_bounded_too(local, count):
    evicted = count("evictions")
    for key in "ab":
        put(local, key, size=50)
    put(local, "c", size=60)
    assert local.size == (1, 60)
    assert local.get("c", math.inf) == "value"
    assert count("evictions") == evicted + 2


def test_what_is_larger_than_the_cache_is_not_kept(local):
    put(local, "huge", size=101)
    assert local.get("huge", math.inf) is None
    assert local.size == (0, 0)


@pytest.mark.parametrize("jitter", [0.9, 1.0, 1.1])
def test_values_expire_after_their_lifetime_more_or_less_a_tenth(local, clock, jitter, monkeypatch):
    def uniform(low, high):
        assert (low, high) == (0.9, 1.1)
        return jitter

    monkeypatch.setattr(local_module.random, "uniform", uniform)
    put(local, "a")
    clock.now += LIFETIME_S * jitter
    local.trust_from(clock.now)
    assert local.get("a", math.inf) == "value"
    clock.now += 0.001
    assert local.get("a", math.inf) is None
    assert local.size == (0, 0)


def test_an_answer_that_was_overtaken_by_a_drop_is_not_stored(local, count):
    rejected = count("stale_rejected", tier="local")
    ticket = local.ticket()
    local.drop("a")
    local.put("a", "old", 1, ticket)
    local.put("b", "other", 1, ticket)
    assert local.get("a", math.inf) is None
    assert local.get("b", math.inf) == "other"
    assert count("stale_rejected", tier="local") == rejected + 1


def test_an_answer_asked_for_after_the_drop_is_stored(local):
    local.drop("a")
    put(local, "a", "new")
    assert local.get("a", math.inf) == "new"


def test_a_drop_removes_what_is_there(local):
    put(local, "a", size=40)
    local.drop("a")
    assert local.get("a", math.inf) is None
    assert local.size == (0, 0)


def test_clearing_forgets_also_what_is_about_to_be_stored(local):
    put(local, "a")
    ticket = local.ticket()
    local.clear()
    local.put("b", "old", 1, ticket)
    assert local.size == (0, 0)
    put(local, "b", "new")
    assert local.get("b", math.inf) == "new"


def test_drops_that_were_forgotten_let_no_older_answer_in(local, monkeypatch):
    monkeypatch.setattr(local_module, "_MAX_DROPS", 2)
    before = local.ticket()
    local.drop("a")
    between = local.ticket()
    for key in "bc":
        local.drop(key)
    assert len(local._drops) == 2
    local.put("a", "old", 1, before)
    assert local.get("a", math.inf) is None
    # Not older than what was forgotten: what is remembered of the rest decides.
    local.put("a", "new", 1, between)
    local.put("b", "old", 1, between)
    assert (local.get("a", math.inf), local.get("b", math.inf)) == ("new", None)


def test_a_key_that_is_dropped_again_and_again_is_remembered_once(local, monkeypatch):
    monkeypatch.setattr(local_module, "_MAX_DROPS", 2)
    ticket = local.ticket()
    for _ in range(10):
        local.drop("a")
    local.put("b", "value", 1, ticket)
    assert local.get("b", math.inf) == "value"


def test_without_a_sign_of_life_it_is_trusted_for_a_second(local, clock):
    put(local, "a")
    clock.now += TRUSTED_S
    assert local.get("a", math.inf) == "value"
    clock.now += 0.001
    assert local.get("a", math.inf) is None


def test_a_sign_of_life_counts_from_when_it_was_asked_for(local, clock):
    put(local, "a")
    asked = clock.now
    clock.now += 0.9
    local.trust_from(asked + 0.5)
    clock.now = asked + 0.5 + TRUSTED_S
    assert local.get("a", math.inf) == "value"
    clock.now += 0.001
    assert local.get("a", math.inf) is None


def test_it_finds_nothing_without_a_cache_lease(local, clock):
    put(local, "a")
    assert local.get("a", clock.now + 0.001) == "value"
    assert local.get("a", clock.now) is None


def test_closed_it_finds_and_stores_nothing_whatever_arrives_late(local, clock):
    put(local, "a")
    ticket = local.ticket()
    local.close()
    local.trust_from(clock.now)
    local.put("a", "value", 1, ticket)
    put(local, "a")
    assert local.get("a", math.inf) is None
    local.open(clock.now)
    local.put("a", "value", 1, ticket)
    assert local.get("a", math.inf) is None
    assert local.size == (0, 0)
