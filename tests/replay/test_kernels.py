"""Kernels: the engines' own hits, request by request; machine code and Python bit for bit; golden numbers."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachesim.engines import policies
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput
from cachesim.replay import (
    POLICIES,
    compiled,
    hit_ratio_curve,
    infinite,
    lru_hits,
    one_size,
    optimum,
    replay,
)
from cachesim.replay.columns import keys_and_ops
from cachesim.replay.kernels import redis_table
from cachesim.traces import DELETE, READ, WRITE, Request, Trace, read_trace

SIMPLE = [
    policies.FIFO, policies.LRU, policies.CLOCK, policies.SIEVE, policies.LFU, policies.Random,
]  # fmt: skip
REDIS = ["allkeys-lru", "allkeys-lfu", "allkeys-random"]
GOLDEN = {"lru": 0.722422, "fifo": 0.686237, "lfu": 0.765478, "optimum": 0.835691}
GOLDEN_ITEMS = 10_000


def zipf(requests, keys, skew=0.99, seed=42):
    """Return draws by numpy's default_rng(seed), as the golden numbers were made."""
    sums = np.cumsum(1 / np.arange(1, keys + 1) ** skew)
    drawn = np.searchsorted(sums / sums[-1], np.random.default_rng(seed).random(requests))
    different, codes = np.unique(drawn, return_inverse=True)
    return Trace.of_codes(codes, [f"key:{number}" for number in different.tolist()])


@pytest.fixture(scope="module")
def million():
    """Return the trace of the golden numbers."""
    return zipf(1_000_000, 100_000)


@pytest.fixture(scope="module")
def drawn():
    """Return a shorter trace."""
    return zipf(20_000, 3000, seed=5)


def test_golden_numbers_of_a_million_requests(million):
    """Zipf .99 over 100,000 keys, 10,000 items, to six digits, by machine code."""
    found = hit_ratio_curve(million, ["lru", "fifo", "lfu"], [GOLDEN_ITEMS], compiled=True)

    ratios = {name: round(found[name][0][1], 6) for name in GOLDEN}
    assert GOLDEN == ratios


def test_golden_numbers_of_redis(million):
    """Redis's sampled LRU comes within .003 of the exact one, as measured elsewhere (.7207)."""
    found = hit_ratio_curve(million, ["redis-lru"], [GOLDEN_ITEMS], compiled=True)

    assert 0.7200 == round(found["redis-lru"][0][1], 4)


@pytest.mark.parametrize("policy", SIMPLE)
def test_a_replay_into_simple_is_the_same_by_machine_code(policy, drawn):
    """Every field: hits, misses by kind, evictions, bytes in the end, bounds."""
    spec = Simple(items=300, policy=policy)

    assert replay(drawn, spec, compiled=False) == replay(drawn, spec, compiled=True)


@pytest.mark.parametrize("memory", [100_000, 400_000])
@pytest.mark.parametrize("policy", REDIS)
def test_a_replay_into_redis_is_the_same_by_machine_code(policy, memory, drawn):
    """The same table, the same draws, the same bytes: every field is equal."""
    spec = Redis(memory=memory, policy=policy)
    by_engine = replay(drawn, spec, bounds=False, compiled=False)

    assert by_engine.evictions > 800
    assert by_engine == replay(drawn, spec, bounds=False, compiled=True)


@pytest.mark.parametrize("policy", REDIS)
def test_redis_on_a_real_trace_is_the_same_by_machine_code(policy, traces):
    """76,118 requests of a shop."""
    trace = read_trace(traces / "cache2k_web07.trace.xz", "cache2k")
    spec = Redis(memory=500_000, policy=policy)

    assert replay(trace, spec, bounds=False, compiled=False) == replay(
        trace, spec, bounds=False, compiled=True
    )


def test_redis_at_the_times_of_the_trace():
    """Hours pass: counters of LFU fall, ticks of the cron are missed; still the same."""
    keys = [f"k{n * n % 701}" for n in range(4000)]
    trace = Trace([Request(key, time=7.3 * number) for number, key in enumerate(keys)])
    for policy in REDIS:
        spec = Redis(memory=90_000, policy=policy, samples=3, lfu_decay_time=2, hz=3)
        by_engine = replay(trace, spec, bounds=False, compiled=False)

        assert by_engine.evictions > 100
        assert by_engine == replay(trace, spec, bounds=False, compiled=True)


def test_what_no_kernel_does_is_left_to_the_engine():
    """A policy of one's own, a memory that is scarce, Redis's noeviction: compiled=True is no promise."""

    class Mine(policies.LRU):
        pass

    keys = [f"k{n * n % 41}" for n in range(300)]
    for spec in (
        Simple(items=9, policy=Mine),
        Simple(memory=900, policy=policies.LRU),
        Simple(items=9, memory=900, policy=policies.LRU),
        Redis(memory=63_000, policy="volatile-ttl"),
    ):
        assert replay(keys, spec, compiled=False) == replay(keys, spec, compiled=True)


def test_machine_code_and_python_draw_the_same_curves(drawn):
    """All policies, the bounds too: not one bit differs."""
    part = Trace.of_keys(drawn.keys[:6000])
    sizes = [1, 2, 7, 50, 400]
    by_python = hit_ratio_curve(part, POLICIES, sizes, compiled=False)

    assert {*POLICIES, "optimum", "infinite cache"} == set(by_python)
    assert by_python == hit_ratio_curve(part, POLICIES, sizes, compiled=True)


def test_machine_code_and_python_agree_with_writes_and_deletes():
    """Also where keys leave before they are evicted."""
    rng = np.random.default_rng(3)
    ops = rng.choice([READ, WRITE, DELETE], 5000, p=[0.7, 0.1, 0.2])
    keys = rng.integers(0, 80, 5000)
    trace = Trace([Request(f"k{k}", str(op)) for k, op in zip(keys, ops, strict=True)])

    assert hit_ratio_curve(trace, POLICIES, [1, 5, 30], compiled=False) == hit_ratio_curve(
        trace, POLICIES, [1, 5, 30], compiled=True
    )


steps = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from([READ, READ, READ, WRITE, DELETE])),
    min_size=1, max_size=80,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from(SIMPLE), st.integers(1, 5))
def test_a_kernel_does_what_the_engine_does(requests, policy, items):
    """With writes and deletes in between, in Python."""
    trace = Trace([Request(*request) for request in requests])
    found = replay(trace, Simple(items=items, policy=policy), seed=2)
    name = policy.__name__.lower()
    played = one_size.SIMPLE[name](keys_and_ops(trace), items, 2, compiled=False)

    assert found.hits == played.hits


@settings(max_examples=150, deadline=None)
@given(steps)
def test_one_pass_finds_lru_at_every_size(requests):
    """As many hits as the engine counts at each, deletes leaving holes in the stack."""
    trace = Trace([Request(*request) for request in requests])
    hits = lru_hits(trace)

    assert 0 == hits[0]
    for items in range(1, trace.unique + 1):
        found = replay(trace, Simple(items=items, policy=policies.LRU), bounds=False)
        assert found.hits == hits[items]


def test_the_stack_closes_up_and_keeps_its_holes():
    """So many requests that the line of slots is used up many times, with keys deleted in between."""
    rng = np.random.default_rng(8)
    requests = [
        Request(f"k{rng.integers(12)}", DELETE if rng.random() < 0.1 else READ) for _ in range(3000)
    ]
    trace = Trace(requests)

    hits = lru_hits(trace, compiled=False)
    for items in (1, 3, 7, 12):
        assert replay(trace, Simple(items=items), bounds=False).hits == hits[items]
    assert (hits == lru_hits(trace, compiled=True)).all()


def test_the_fields_nearest_peer_has_four_faults_that_we_have_not(million):
    """Libcachesim 0.3.5: a TTL is ignored, a delete hits, Belady is wrong on plain keys, one seed for all."""
    with pytest.raises(BadInput, match="has TTLs, which a curve"):
        hit_ratio_curve(Trace([Request("a", READ, 1, 0.0, 1.0)] * 2), ["lru"], [1])
    late = [Request("a", WRITE, 1, 0.0, 5.0), Request("a", READ, 1, 6.0)]
    assert 0 == replay(Trace(late), Simple(items=1)).hits

    deleted = Trace([Request("a"), Request("a", DELETE), Request("a")])
    assert 0.0 == hit_ratio_curve(deleted, ["lru"], [1])["lru"][0][1]

    assert 0.8357 == round(optimum(million, GOLDEN_ITEMS, compiled=True), 4)

    part = Trace.of_keys(million.keys[:20_000])
    first, again, other = (
        hit_ratio_curve(part, ["random"], [99], seed=seed)["random"] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_without_numba_there_is_a_sentence(monkeypatch):
    """It names the extra; nothing else needs numba."""
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)

    assert not compiled.choose(None, work=10**9)
    with pytest.raises(BadInput, match=r"pip install \"cachesim-lab\[fast\]\""):
        replay(["a"], Simple(items=1), compiled=True)


def test_short_work_does_not_wait_for_numba():
    """By default it is not even imported."""
    program = (
        "import sys; from cachesim.replay import hit_ratio_curve\n"
        "hit_ratio_curve(['a', 'b'] * 500, ['sieve'], [1, 2]); sys.exit('numba' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program]).returncode


def test_a_changed_kernel_gets_a_new_name():
    """Machine code kept on disk is found by what the kernel does: its own code and what it calls."""

    def inner(x):
        return x + 1

    def kernel(x):
        return x * 2

    known = compiled.fingerprint(kernel)
    kernel.__code__ = (lambda x: x * 3).__code__
    assert known != compiled.fingerprint(kernel)
    assert compiled.fingerprint(inner) == compiled.fingerprint(inner)

    known = compiled.fingerprint(inner)
    inner.__annotations__["x"] = int  # a class that is renamed would leave files nobody can read
    assert known != compiled.fingerprint(inner)


def test_bad_curves_are_refused():
    """Each with a sentence that says what to do."""
    for bad, match in (
        ({"policies": ["lur"]}, 'unknown policy "lur"; choose from fifo, lru'),
        ({"policies": "lru"}, "must be a list"),
        ({"sizes": [0]}, "all >= 1"),
        ({"sizes": []}, "all >= 1"),
    ):
        with pytest.raises(BadInput, match=match):
            hit_ratio_curve(["a"], **bad)
    with pytest.raises(BadInput, match="no request"):
        hit_ratio_curve([])


def test_ten_sizes_where_none_are_named():
    """From a thousandth of the keys to all of them, where LRU reaches the infinite cache."""
    trace = zipf(9000, 4000, skew=0.6, seed=1)
    curve = hit_ratio_curve(trace)

    assert 10 == len(curve["lru"])
    assert trace.unique == curve["lru"][-1][0]
    assert infinite(trace) == curve["lru"][-1][1] == curve["optimum"][-1][1]


def test_where_nothing_can_be_kept_it_still_compiles(monkeypatch):
    """A read-only install and no home: numba refuses to cache, the kernel is compiled for this process."""
    numba = pytest.importorskip("numba")
    real = numba.njit

    def refuse(*given, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(*given, **options)

    monkeypatch.setattr(numba, "njit", refuse)
    buckets = compiled.machine_code.__wrapped__(redis_table.buckets_for)

    assert 8 == buckets(5)
