"""Replay: golden hit ratios, bounds against brute force, fast path against slow path."""

import math
from functools import cache as memoize
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.engines import policies
from cachesim.engines.base import Engine
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, PolicyError
from cachesim.replay import hit_ratio_curve, infinite, optimum, replay
from cachesim.rng import uniform
from cachesim.traces import DELETE, READ, WRITE, Request, Trace, read_trace

POLICIES = [
    policies.FIFO, policies.LRU, policies.CLOCK, policies.SIEVE, policies.LFU, policies.Random,
]  # fmt: skip
GOLDEN = {  # file -> items, LRU, FIFO, optimum: figures of the traces' own publishers
    "cache2k_web12.trace.xz": (1375, 0.6848, 0.6454, 0.8003),
    "cache2k_web07.trace.xz": (2048, 0.5566, 0.5312, 0.6809),
}


@pytest.mark.parametrize("file", GOLDEN)
def test_golden_hit_ratios(file, traces):
    """To four digits, as published."""
    items, lru, fifo, best = GOLDEN[file]
    trace = read_trace(traces / file, "cache2k")
    found = replay(trace, Simple(items=items, policy=policies.LRU))

    assert (lru, best) == (round(found.hit_ratio, 4), round(found.optimum, 4))
    other = replay(trace, Simple(items=items, policy=policies.FIFO), bounds=False)
    assert (fifo, None) == (round(other.hit_ratio, 4), other.optimum)
    assert found.infinite == 1 - trace.unique / len(trace)
    assert items == found.items


@pytest.mark.parametrize("policy", POLICIES)
def test_no_policy_beats_the_optimum_on_a_real_trace(policy, traces):
    """And every one beats nothing at all."""
    trace = Trace.of_keys(read_trace(traces / "cache2k_web12.trace.xz", "cache2k").keys[:20_000])
    found = replay(trace, Simple(items=300, policy=policy))

    assert 0.25 < found.hit_ratio < found.optimum < found.infinite


def test_by_hand():
    """LRU with two places: a b a c b: only the second a hits; why each miss missed."""
    found = replay(["a", "b", "a", "c", "b"], Simple(items=2), value_size=9)

    assert (5, 3, 5, 1) == (found.requests, found.unique, found.reads, found.hits)
    assert {"cold": 3, "evicted": 1} == found.misses
    assert (2, 20, 2) == (found.items, found.memory, found.evictions)
    assert (0.2, 0.4, 0.4) == (found.hit_ratio, found.optimum, found.infinite)


short_keys = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=60)


@given(short_keys, st.integers(1, 5))
def test_belady_reaches_the_optimum(keys, items):
    """The policy that knows the future hits as often as the bound says."""
    found = replay(keys, Simple(items=items, policy=policies.Belady(keys)))

    assert found.optimum == found.hit_ratio


def test_belady_needs_every_request_that_stores():
    """Told of deletes as if they were uses, it would plan for a future that does not come."""
    requests = [Request("a"), Request("b"), Request("a", DELETE), Request("c"), Request("b")]
    trace = Trace(requests)

    assert 1 == replay(trace, Simple(items=2, policy=policies.Belady(trace.used))).hits
    with pytest.raises(PolicyError, match='request 2 asks for "a", not for "c"'):
        replay(trace, Simple(items=2, policy=policies.Belady(trace.keys)))


@given(
    keys=st.lists(st.sampled_from(["a", "b", "c", "d" * 20]), min_size=1, max_size=40),
    items=st.integers(1, 4), memory=st.integers(25, 60), policy=st.sampled_from(POLICIES),
)  # fmt: skip
def test_the_optimum_bounds_where_memory_and_items_limit(keys, items, memory, policy):
    """The most keys ever held count: many small ones may have left for one large one since."""
    found = replay(keys, Simple(items=items, memory=memory, policy=policy), value_size=5)

    assert found.hit_ratio <= found.best
    assert found.items <= items


def test_the_items_of_a_replay_are_the_most_ever_held():
    """Three keys of 6 bytes leave for one of 25: the peak was 3, at the end there is 1."""
    found = replay(["a", "b", "c", "d" * 20], Simple(items=3, memory=30), value_size=5)

    assert (3, 25) == (found.items, found.memory)


def best_by_trying(requests, items):
    """Return the most hits that any choice of victims gives: every choice is tried."""

    @memoize
    def best(number, held):
        if number == len(requests):
            return 0
        key, op = requests[number]
        if op == DELETE:
            return best(number + 1, held - {key})
        if key in held:
            return (op == READ) + best(number + 1, held)
        if len(held) < items:
            return best(number + 1, held | {key})
        return max(best(number + 1, held - {victim} | {key}) for victim in held)

    return best(0, frozenset())


steps = st.tuples(st.sampled_from("abcd"), st.sampled_from([READ, READ, READ, WRITE, DELETE]))


@settings(max_examples=200)
@given(st.lists(steps, min_size=1, max_size=14), st.integers(1, 3))
def test_the_optimum_is_what_trying_everything_finds(requests, items):
    """Exact, with writes and deletes in between."""
    trace = Trace([Request(key, op) for key, op in requests])
    reads = trace.count(READ)
    if reads:
        assert best_by_trying(requests, items) / reads == pytest.approx(optimum(trace, items))
    else:
        assert math.isnan(optimum(trace, items))


def test_the_optimum_on_all_tiny_traces():
    """Every trace of six requests for three keys."""
    for keys in product("abc", repeat=6):
        expected = best_by_trying([(key, READ) for key in keys], 2) / 6
        assert expected == pytest.approx(optimum(Trace.of_keys(keys), 2))


@given(st.lists(steps, min_size=1, max_size=40), st.integers(1, 4), st.sampled_from(POLICIES))
def test_bounds_bound(requests, items, policy):
    """Hits <= optimum <= infinite, whatever the operations."""
    found = replay(Trace([Request(*r) for r in requests]), Simple(items=items, policy=policy))
    if found.reads:
        assert found.hit_ratio <= found.optimum <= found.infinite <= 1
        assert found.hits + sum(found.misses.values()) == found.reads
    else:
        assert all(math.isnan(r) for r in (found.hit_ratio, found.optimum, found.infinite))


@pytest.mark.parametrize("policy", POLICIES)
@given(keys=short_keys, items=st.none() | st.integers(1, 4), memory=st.integers(10, 40))
def test_the_fast_path_is_the_slow_path(policy, keys, items, memory):
    """Simple's own read_through leaves the same cache, counters and misses as the contract's."""
    spec = Simple(items=items, memory=memory, policy=policy)
    fast, slow = (spec.build(lambda: 0.0, uniform(1, "eviction")) for _ in range(2))

    assert Engine.read_through(slow, keys, b"12345") == fast.read_through(keys, b"12345")
    assert list(slow.entries) == list(fast.entries)
    assert (slow.memory, slow.evictions) == (fast.memory, fast.evictions)
    assert [slow.why_missed(k) for k in "abcdef"] == [fast.why_missed(k) for k in "abcdef"]


@pytest.mark.parametrize("policy", POLICIES)
def test_read_through_of_a_cache_with_ttls(policy):
    """Entries that expire send it the slow way, and they do expire."""
    now = [0.0]
    engine = Simple(items=3, policy=policy).build(lambda: now[0], uniform(1, "eviction"))
    engine.set("a", b"1", ttl=5)
    now[0] = 6.0

    assert {"expired": 1, "cold": 1} == engine.read_through(["a", "a", "b"], b"2")


def test_a_trace_with_everything():
    """Writes store, deletes delete, TTLs run out on the trace's own clock."""
    trace = Trace(
        [
            Request("a", WRITE, 10, 0.0, 5.0),
            Request("a", READ, 10, 1.0, 5.0),  # hit
            Request("b", READ, 20, 2.0),  # cold
            Request("a", READ, 10, 6.0, 5.0),  # expired
            Request("b", DELETE, 20, 7.0),
            Request("b", READ, 20, 8.0),  # invalidated
            Request("b", READ, 20, 9.0),  # hit
        ]
    )
    found = replay(trace, Simple(memory=1000))

    assert (7, 2, 5, 2) == (found.requests, found.unique, found.reads, found.hits)
    assert {"cold": 1, "expired": 1, "invalidated": 1} == found.misses
    assert (2, 11 + 21, 1) == (found.items, found.memory, found.expirations)
    assert found.hit_ratio <= found.bound <= found.infinite


def test_values_that_are_too_large_are_counted():
    """A trace's own sizes: what does not fit is refused and said."""
    requests = [Request("a", READ, 500), Request("b", READ, 5)] * 2
    found = replay(Trace(requests), Simple(memory=100))

    assert (2, 1) == (found.refused, found.hits)
    assert {"cold": 2, "refused": 1} == found.misses


def test_plain_keys_that_never_fit_are_refused():
    """Nothing could be stored at all: a sentence, not a table of zeros."""
    with pytest.raises(BadInput, match="stored nothing"):
        replay(["a", "b"], Simple(memory=50), value_size=100)


@pytest.mark.parametrize("empty", [[], Trace()])
def test_an_empty_trace_is_refused(empty):
    """There is no ratio of nothing."""
    with pytest.raises(BadInput, match="no request"):
        replay(empty, Simple())


def test_same_seed_same_evictions():
    """Random draws come from the seed alone."""
    keys = [str(n * n % 97) for n in range(3000)]
    random = Simple(items=10, policy=policies.Random)

    assert replay(keys, random, seed=3) == replay(keys, random, seed=3)
    assert replay(keys, random, seed=3).hits != replay(keys, random, seed=4).hits
    assert replay(keys, Redis(memory=100_000)) == replay(keys, Redis(memory=100_000))


def test_a_curve_rises_between_its_bounds():
    """LRU has the stack property: more memory never hits less."""
    keys = [str(n * n % 97) for n in range(2000)]
    engines = {"LRU": lambda n: Simple(items=n)}
    curve = hit_ratio_curve(keys, engines, [1, 5, 20, 97])

    ratios = [ratio for _, ratio in curve["LRU"]]
    assert sorted(ratios) == ratios
    assert [1.0, 5.0, 20.0, 97.0] == [size for size, _ in curve["LRU"]]
    assert all(a <= b for a, b in zip(ratios, [r for _, r in curve["optimum"]], strict=True))
    assert {infinite(Trace.of_keys(keys))} == {r for _, r in curve["infinite cache"]}
    assert ratios[-1] == curve["infinite cache"][-1][1]
