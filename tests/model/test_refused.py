"""Refused stores: a kind of miss of their own, in every engine, by hand and against theory."""

import math

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import MISS_KINDS, REFUSED
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.memcached.proto_text import answer
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import CacheError
from cachesim.experiments.run import run
from cachesim.measure.metrics import misses
from cachesim.model.popularity import Uniform
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.session import SessionStore
from cachesim.rng import uniform
from tests.model.worlds import Script, drawn, requests_of, scripted

LEAST = 61_592  # bytes: base_memory, and one small key
FULL = Redis(memory=LEAST, policy="noeviction")  # holds one row of 100 bytes, then refuses
LARGE, SMALL = b"x" * 2_000_000, b"x" * 10
ENGINES = {
    "simple": (Simple(memory=1000), LARGE, ("SET", "a", LARGE)),
    "redis": (FULL, SMALL, ("HSET", "a", "field", SMALL)),
    "memcached": (Memcached(), LARGE, ("ms", "a", LARGE)),
    "flat": (Memcached(segmented=False), LARGE, ("add", "a", 0, 0, LARGE)),
}


def build(spec):
    """Return a running engine; a Redis that is to be full is."""
    engine = spec.build(ManualClock(), uniform(1, "eviction"))
    if spec is FULL:
        engine.set("filler", b"x" * 100)
    return engine


@pytest.mark.parametrize("by", ["set", "execute"])
@pytest.mark.parametrize("name", ENGINES)
def test_a_key_whose_store_was_refused_misses_as_refused(name, by):
    """Whichever way it was sent; a key that nobody stored is cold as ever."""
    spec, value, command = ENGINES[name]
    engine = build(spec)
    with pytest.raises(CacheError):
        engine.set("a", value) if by == "set" else engine.execute(command)

    assert (None, REFUSED) == (engine.get("a"), engine.why_missed("a"))
    assert (None, "cold") == (engine.get("b"), engine.why_missed("b"))


@pytest.mark.parametrize("name", ENGINES)
def test_the_last_store_counts(name):
    """Stored at last and deleted: invalidated; deleted, and then refused: refused."""
    spec, value, _ = ENGINES[name]
    engine = build(spec)
    with pytest.raises(CacheError):
        engine.set("a", value)
    engine.delete("filler")
    engine.set("a", SMALL)
    engine.delete("a")
    kinds = [engine.why_missed("a")]
    if spec is FULL:
        engine.set("filler", b"x" * 100)
    with pytest.raises(CacheError):
        engine.set("a", value)

    assert ["invalidated", REFUSED] == [*kinds, engine.why_missed("a")]


def test_every_key_of_a_refused_command_is_refused():
    """MSET stores all of its keys or none; a read is never refused."""
    engine = build(FULL)
    with pytest.raises(CacheError):
        engine.execute(("MSET", "a", "1", "b", "2"))

    assert [REFUSED, REFUSED] == [engine.why_missed(key) for key in "ab"]
    assert None is engine.execute(("GET", "c"))
    assert "cold" == engine.why_missed("c")


def test_a_copy_that_stays_is_a_hit():
    """Redis keeps the old value when it refuses the new one; memcached and Simple drop what is outdated."""
    engine = build(FULL)
    with pytest.raises(CacheError):
        engine.set("filler", SMALL)
    assert b"x" * 100 == engine.get("filler")

    for spec in (Memcached(), Simple(memory=1000)):
        engine = build(spec)
        engine.set("a", SMALL)
        with pytest.raises(CacheError):
            engine.set("a", LARGE)
        assert (None, REFUSED) == (engine.get("a"), engine.why_missed("a"))


def test_a_refusal_on_the_wire_is_remembered_too():
    """The text protocol refuses a large value before its data have come."""
    engine = build(Memcached())

    assert b"SERVER_ERROR object too large for cache\r\n" == answer(engine, b"set a 0 0 2000000")
    assert REFUSED == engine.why_missed("a")


READS = Script(steps=tuple((50.0, "read", key) for key in "abbab"), loaded=("a", "b"))


def test_five_requests_by_hand():
    """Key a is stored and fills the cache; b is refused each time it is loaded; nobody sees an error."""
    result = run(scripted(LazyLoading(ttl=math.inf), (), workload=READS, cache=FULL))

    assert ["cold", "cold", REFUSED, "hit", REFUSED] == requests_of(result.scenario)[
        "lookup"
    ].tolist()
    assert {"cold": 2, REFUSED: 2} == misses(result.history)
    assert (3.0, 0.0, 0.2) == tuple(
        result.metrics[name] for name in ("cache_errors", "error_ratio", "hit_ratio")
    )


def test_five_requests_that_fail():
    """on_cache_error="raise": the same refusals fail their requests, and error_ratio says how many."""
    result = run(
        scripted(LazyLoading(ttl=math.inf), (), workload=READS, cache=FULL, on_cache_error="raise")
    )

    assert (3.0, 0.6) == (result.metrics["cache_errors"], result.metrics["error_ratio"])
    assert {"cold": 2, REFUSED: 2} == misses(result.history)


def test_a_session_that_could_not_begin():
    """Strategies with commands of their own tell it too."""
    records = requests_of(scripted(SessionStore(ttl=1e6), (), workload=READS, cache=FULL))

    assert ["cold", "cold", REFUSED, "hit", REFUSED] == records["lookup"].tolist()


def test_what_does_not_fit_into_a_warm_start_is_refused():
    """The keys loaded last, the most popular, find the memory full: their first read is no cold one."""
    scenario = drawn(LazyLoading(), cache=Redis(memory=80_000, policy="noeviction"), keys=300)
    kinds = misses(run(scenario.replace(start="warm", duration=2.0)).history)

    assert {REFUSED} == kinds.keys()


def test_a_full_cache_that_evicts_nothing_as_theory_says():
    """Equal keys, and the first k to come stay for ever: hits k/n, refused 1 - k/n, within 99 %."""
    n = 400
    cache = Redis(memory=150_000, policy="noeviction")
    result = run(
        drawn(LazyLoading(ttl=math.inf), cache=cache, popularity=Uniform(keys=n), warmup=10.0)
    )
    held = result.history["items"].max()
    reads = result.metrics["requests"]
    refused = misses(result.measured)[REFUSED] / reads
    margin = 2.576 * math.sqrt(held / n * (1 - held / n) / reads)

    assert 50 < held < 350
    assert abs(result.metrics["hit_ratio"] - held / n) < margin
    assert abs(refused - (1 - held / n)) < margin
    assert {REFUSED} == misses(result.measured).keys() <= set(MISS_KINDS)
