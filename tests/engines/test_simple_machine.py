"""Simple's books balance after every command, whatever the policy."""

import math

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cachesim.engines.policies import ALL
from cachesim.errors import OutOfMemory
from tests.engines.simple_caches import build
from tests.engines.watched import watched

POLICIES = list(ALL.values())


class SimpleMachine(RuleBasedStateMachine):
    """Any commands at any times against a dict that never forgets."""

    keys = st.sampled_from(["a", "b", "c", "dd", "é", "f"])

    @initialize(
        policy=st.sampled_from(POLICIES),
        memory=st.integers(1, 40),
        items=st.none() | st.integers(1, 4),
    )
    def start(self, policy, memory, items):
        self.cache, self.clock = build(memory=memory, items=items, policy=watched(policy))
        self.stored = {}  # key -> (value, dead from)
        self.hits = self.misses = self.gets = 0
        self.ever = set()

    @rule(key=keys, size=st.integers(0, 45), ttl=st.sampled_from([0.5, 1, 3, math.inf]))
    def set(self, key, size, ttl):
        value = bytes([size]) * size
        if len(key.encode()) + size > self.cache.memory_limit:
            with pytest.raises(OutOfMemory):
                self.cache.set(key, value, ttl)
            assert self.cache.get(key) is None
            assert self.cache.why_missed(key) == "refused"
            self.stored.pop(key, None)
            self.ever.add(key)
            return
        self.cache.set(key, value, ttl)
        self.ever.add(key)
        self.stored[key] = value, self.clock() + ttl
        assert self.cache.entries[key].value == value

    @rule(key=keys)
    def get(self, key):
        self.gets += 1
        found = self.cache.get(key)
        value, dead_from = self.stored.get(key, (None, 0))
        if found is None:
            self.misses += 1
            assert (self.cache.why_missed(key) == "cold") == (key not in self.ever)
        else:
            self.hits += 1
            assert found == value, "not the value last stored"
            assert self.clock() < dead_from, "expired, yet served"

    @rule(key=keys)
    def delete(self, key):
        was_served = key in self.cache.entries and self.clock() < self.cache.entries[key].expires
        assert self.cache.delete(key) == was_served
        self.stored.pop(key, None)
        assert key not in self.cache.entries
        if was_served:
            assert self.cache.why_missed(key) == "invalidated"

    @rule(seconds=st.sampled_from([0.25, 0.5, 1, 2]))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @rule()
    def flush(self):
        held = list(self.cache.entries)
        self.cache.flush()
        self.stored.clear()
        assert all(self.cache.why_missed(key) == "lost" for key in held)

    @rule(asked=st.lists(keys, max_size=8))
    def read_through(self, asked):
        if self.cache.memory_limit < 4:
            return
        kinds = self.cache.read_through(asked, b"vv")
        self.gets += len(asked)
        self.misses += kinds.total()
        self.hits += len(asked) - kinds.total()
        for key in asked:
            self.ever.add(key)
            held = self.cache.entries.get(key)
            if held is not None:
                self.stored[key] = held.value, held.expires

    @invariant()
    def books_balance(self):
        cache = self.cache
        assert cache.memory <= cache.memory_limit
        assert len(cache) <= cache.items_limit
        assert cache.memory == sum(entry.size for entry in cache.entries.values())
        assert all(
            entry.size == len(key.encode()) + len(entry.value)
            for key, entry in cache.entries.items()
        )
        assert cache.policy.told == cache.entries
        assert self.hits + self.misses == self.gets


TestSimpleMachine = SimpleMachine.TestCase
