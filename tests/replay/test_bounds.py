"""The bound holds: against every choice that a cache could make, and against every engine."""

from functools import cache as memoize
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.engines import policies
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.replay import bound, infinite, optimum, replay
from cachesim.rng import stream
from cachesim.traces import DELETE, READ, WRITE, Request, Trace, read_trace

SILBERSCHATZ = list("70120304230321201701")  # a textbook's string


@pytest.mark.parametrize("compiled", [False, True])
def test_a_textbook_string(compiled):
    """Three places: the optimum has 9 faults in 20 requests, a policy that may refuse 8."""
    trace = Trace.of_keys(SILBERSCHATZ)

    assert 9 == round(20 * (1 - optimum(trace, 3, compiled=compiled)))
    assert 8 == round(20 * (1 - bound(trace, 3, compiled=compiled)))


def best_by_trying(requests, items, memory):
    """Return the most hits of any cache: at each request it may drop keys, and store or refuse."""

    def fits(held):
        return len(held) <= items and sum(size for _, size, _ in held) <= memory

    def after(held, request, is_hit):
        """Yield what may be held after a request."""
        key, op, size, now, ttl = request
        copy = [one for one in held if one[0] == key]
        others = [one for one in held if one[0] != key]
        new = [] if op == DELETE else copy if is_hit else [(key, size, now + ttl)]
        for count in range(len(others) + 1):
            for kept in combinations(others, count):
                yield from filter(fits, (frozenset(kept), frozenset([*kept, *new])))

    @memoize
    def best(number, held):
        if number == len(requests):
            return 0
        key, op, _, now, _ = requests[number]
        is_hit = op == READ and any(k == key and end > now for k, _, end in held)
        return is_hit + max(best(number + 1, h) for h in set(after(held, requests[number], is_hit)))

    return best(0, frozenset())


rows = st.tuples(
    st.sampled_from("abc"), st.sampled_from([READ, READ, READ, READ, WRITE, DELETE]),
    st.integers(1, 4), st.integers(0, 2), st.sampled_from([1, 2, 4, float("inf")]),
)  # fmt: skip


def trace_of(rows):
    """Return a trace, and its rows with times that grow."""
    now, found = 0, []
    for key, op, size, wait, ttl in rows:
        now += wait
        found.append((key, op, size, now, ttl))
    trace = Trace([Request(k, op, size - 1, now, ttl) for k, op, size, now, ttl in found])
    start = found[0][3]
    return trace, [(k, op, size, now - start, ttl) for k, op, size, now, ttl in found]


@settings(max_examples=1000)
@given(st.lists(rows, min_size=2, max_size=8), st.integers(1, 3), st.integers(1, 9))
def test_never_below_the_best_of_every_choice(drawn, items, memory):
    """1,000 tiny traces with sizes, refusals, deletes and TTLs: every choice is tried."""
    trace, requests = trace_of(drawn)
    reads = trace.count(READ)
    if reads:
        best = best_by_trying(tuple(requests), items, memory) / reads
        assert best <= bound(trace, items, memory=memory) + 1e-9 <= infinite(trace) + 2e-9


@settings(max_examples=200)
@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=9), st.integers(1, 3))
def test_exact_for_equal_sizes(keys, items):
    """Plain reads and a number of keys: the bound is what the best choices reach."""
    requests = tuple((key, READ, 1, 0, 1e9) for key in keys)

    assert best_by_trying(requests, items, 1e9) == round(
        bound(Trace.of_keys(keys), items) * len(keys)
    )


ENGINES = st.one_of(
    st.builds(
        Simple,
        items=st.none() | st.integers(1, 6),
        memory=st.integers(20, 400),
        policy=st.sampled_from(list(policies.ALL.values())),
    ),
    st.builds(
        Redis,
        memory=st.sampled_from([66_000, 67_000, 70_000]),
        policy=st.sampled_from(["noeviction", "allkeys-lru", "volatile-ttl", "volatile-lru"]),
    ),
    st.just(Memcached(memory=2 << 20)),
)
requests = st.tuples(
    st.sampled_from("abcdefgh"), st.sampled_from([READ, READ, READ, WRITE, DELETE]),
    st.sampled_from([0, 9, 60, 300, 700_000]), st.floats(0, 2), st.sampled_from([0.3, 1, 5, float("inf")]),
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(requests, min_size=1, max_size=60), ENGINES)
def test_never_below_an_engine(drawn, engine):
    """Every engine and policy, on drawn traces with sizes, writes, deletes and TTLs."""
    now, found = 0.0, []
    for key, op, size, wait, ttl in drawn:
        now += wait
        found.append(Request(key, op, size, now, ttl))
    trace = Trace(found)
    try:
        played = replay(trace, engine)
    except BadInput:
        return  # nothing could be stored
    if played.reads:
        assert played.hit_ratio <= played.best + 1e-9
        assert played.hit_ratio <= played.infinite + 1e-9


def test_well_below_the_infinite_cache_where_sizes_differ(traces):
    """Real requests with lognormal sizes and a tenth of their bytes: between LRU and the cache that never forgets."""
    trace = read_trace(traces / "cache2k_web07.trace.xz", "cache2k")
    sizes = (1000 * stream(1, "sizes").lognormal(0, 1.5, trace.unique)).astype(int) + 1
    trace.sizes = sizes[trace.columns.codes]
    found = replay(trace, Simple(memory=int(sizes.sum() // 10)))

    assert found.optimum is None
    assert found.hit_ratio < found.bound < found.infinite - 0.01
