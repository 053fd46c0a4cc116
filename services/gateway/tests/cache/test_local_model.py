"""The local tier against the simplest thing that could be right: a list of everything that ever happened."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from gateway.cache import local as local_module
from gateway.cache.local import LIFETIME_S, TRUSTED_S, LocalCache

KEYS = st.sampled_from("abcde")
MAX_ENTRIES, MAX_BYTES, MAX_DROPS = 3, 100, 2


class LocalCacheIsNeverOld(RuleBasedStateMachine):
    """Each value is a look-up: when it began. It must not be shown if its key changed after that."""

    look_ups = Bundle("look_ups")

    @initialize()
    def begin(self):
        self.now = 0.0
        self.cache = LocalCache(max_entries=MAX_ENTRIES, max_bytes=MAX_BYTES, clock=lambda: self.now)
        self.steps = 0
        self.changed = dict.fromkeys("abcde", 0)
        self.put_at = {}
        self.told_until = None

    def step(self):
        self.steps += 1
        return self.steps

    @rule(target=look_ups)
    def ask(self):
        return self.step(), self.cache.ticket()

    @rule(look_up=look_ups, key=KEYS, size=st.integers(0, MAX_BYTES + 10))
    def answer(self, look_up, key, size):
        began, ticket = look_up
        self.cache.put(key, began, size, ticket)
        self.put_at[key, began] = self.now

    @rule(key=KEYS)
    def change(self, key):
        self.changed[key] = self.step()
        self.cache.drop(key)

    @rule()
    def lose(self):
        self.changed = dict.fromkeys(self.changed, self.step())
        self.cache.close()
        self.told_until = None

    @rule()
    def connect(self):
        self.changed = dict.fromkeys(self.changed, self.step())
        self.cache.open(self.now)
        self.told_until = self.now

    @rule(age=st.floats(0, 0.5))
    def hear(self, age):
        asked = self.now - age
        self.cache.trust_from(asked)
        if self.told_until is not None:
            self.told_until = asked

    @rule(seconds=st.sampled_from([0.01, 0.6, TRUSTED_S + 0.1, LIFETIME_S]))
    def pass_time(self, seconds):
        self.now += seconds

    @rule(key=KEYS)
    def read(self, key):
        began = self.cache.get(key, self.now + 1)
        if began is not None:
            assert began > self.changed[key]
            assert self.told_until is not None
            assert self.now - self.told_until <= TRUSTED_S + 1e-9
            assert self.now - self.put_at[key, began] <= LIFETIME_S * 1.1

    @invariant()
    def is_bounded(self):
        if hasattr(self, "cache"):
            entries, size = self.cache.size
            assert entries <= MAX_ENTRIES
            assert size <= MAX_BYTES
            assert size == sum(entry.size for entry in self.cache._entries.values())
            assert len(self.cache._drops) <= MAX_DROPS


def test_the_local_tier_never_shows_what_was_asked_for_before_the_last_change(monkeypatch):
    monkeypatch.setattr(local_module, "_MAX_DROPS", MAX_DROPS)
    LocalCacheIsNeverOld.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
    LocalCacheIsNeverOld.TestCase("runTest").runTest()
