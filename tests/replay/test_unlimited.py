"""The cache that never evicts honours TTLs and deletes, and no cache does better."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.engines.simple import Simple
from cachesim.replay import hit_ratio_curve, infinite, replay
from cachesim.replay.unlimited import Unlimited
from cachesim.traces import DELETE, READ, WRITE, Request, Trace

LARGE = Simple(memory=1 << 40)


def test_by_hand():
    """A copy ends after its TTL, at a delete, and not at a read."""
    reads = [Request("a", READ, 1, time, ttl=10) for time in (0, 9, 18, 27)]  # hits at 9 and 27
    assert 0.5 == infinite(Trace(reads))

    deleted = [Request("a"), Request("a"), Request("a", DELETE), Request("a")]
    assert pytest.approx(1 / 3) == infinite(Trace(deleted))
    assert math.isnan(infinite(Trace([Request("a", WRITE)])))


def test_a_copy_given_up_early_may_live_longer():
    """A miss at 5 stores a copy for 100 s, which saves the misses at 11 and 20: a cache that evicts may do that."""
    requests = [
        Request("a", READ, 1, time, ttl) for time, ttl in ((0, 10), (5, 100), (11, 1), (20, 1))
    ]
    assert 0.5 == infinite(Trace(requests))
    assert 0.25 == replay(Trace(requests), LARGE).hit_ratio


def best_by_trying(requests):
    """Return the most hits for one key: at each hit the copy may be given up."""

    def best(number, end):
        if number == len(requests):
            return 0
        op, now, ttl = requests[number]
        if op == DELETE:
            return best(number + 1, -1)
        stored = best(number + 1, now + ttl)
        return max(stored, 1 + best(number + 1, end)) if op == READ and now < end else stored

    return best(0, -1)


one_key = st.lists(
    st.tuples(st.sampled_from([READ, READ, READ, WRITE, DELETE]), st.integers(0, 3), st.integers(1, 9)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=500)
@given(one_key)
def test_the_most_that_trying_everything_finds(drawn):
    """Exact, whatever the TTLs."""
    now, requests = 0, []
    for op, wait, ttl in drawn:
        now += wait
        requests.append((op, now, ttl))
    trace = Trace([Request("a", op, 1, time, ttl) for op, time, ttl in requests])
    if reads := trace.count(READ):
        assert best_by_trying(requests) / reads == pytest.approx(infinite(trace))


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from([READ, READ, WRITE, DELETE]), st.floats(0, 4)),
    min_size=1, max_size=40,
)  # fmt: skip


@given(steps, st.integers(1, 7))
def test_a_large_cache_where_each_key_keeps_its_ttl(drawn, size):
    """Then it is what a cache with more memory than it needs hits, cut into chunks anywhere."""
    ttls, now, requests = {"a": 1.0, "b": 5.0, "c": math.inf}, 0.0, []
    for key, op, wait in drawn:
        now += wait
        requests.append(Request(key, op, 1, now, ttls[key]))
    trace, counted = Trace(requests), Unlimited()
    for first in range(0, len(trace), size):
        counted.count(trace.columns.part(first, first + size))

    found = replay(trace, LARGE, bounds=False)
    assert (found.requests, found.reads, found.unique) == (
        counted.requests, counted.reads, counted.unique,
    )  # fmt: skip
    assert found.hits == counted.hits


def test_ttls_that_come_late():
    """Keys stored before without a TTL stay; machine code counts the same."""
    plain = [Request(key, time=float(time)) for time, key in enumerate("abcab")]
    late = [Request("a", READ, None, 9.0, 5.0), Request("d", READ, None, 9.0, 5.0),
            Request("d", READ, None, 15.0, 5.0)]  # fmt: skip
    trace = Trace(plain + late)
    for compiled in (False, True):
        counted = Unlimited(compiled=compiled)
        for first, last in ((0, 5), (5, 8)):
            counted.count(trace.columns.part(first, last))
        assert (3, 4) == (counted.hits, counted.unique)
        assert 3 / 8 == infinite(trace, compiled=compiled)


def test_plain_chunks_before_those_with_ttls():
    """A chunk without a column of TTLs stores copies that never expire."""
    first = Trace.of_keys("abab").columns
    then = first._replace(ttls=Trace([Request("a", ttl=1)] * 4).columns.ttls)
    counted = Unlimited()
    counted.count(first)
    counted.count(then)

    assert 6 == counted.hits


def test_no_line_of_a_curve_is_above_it():
    """Belady's line knows no TTLs, so it ends there too."""
    trace = Trace([Request("a", READ, 1, time, ttl=1.0) for time in (0.0, 0.5, 2.0, 3.0)])
    curves = hit_ratio_curve(trace, {"lru": lambda items: Simple(items=items)}, [1, 2])

    assert (
        [(1.0, 0.25), (2.0, 0.25)] == curves["lru"] == curves["optimum"] == curves["infinite cache"]
    )
