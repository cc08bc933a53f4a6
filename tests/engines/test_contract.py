"""The rules that every engine keeps, run for each of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.policies import CLOCK, FIFO, LFU, LRU, SIEVE, Random
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.errors import BadInput, CommandError
from cachesim.records import Value
from cachesim.rng import uniform
from cachesim.units import MIB

SPECS = {
    "simple": Simple(memory=4096),
    "redis": Redis(memory=80_000),
    "memcached": Memcached(memory=MIB),
    "memcached, flat LRU": Memcached(memory=MIB, segmented=False),
}


@pytest.fixture(params=SPECS)
def running(request):
    """Return (engine, clock) for each engine."""
    return started(SPECS[request.param])


def started(spec):
    clock = ManualClock()
    return spec.build(clock, uniform(1, "eviction")), clock


def test_what_was_set_comes_back(running):
    """A get returns the very object that a set stored, until it is overwritten or deleted."""
    engine, _ = running
    value = Value.stamp(7, 100)
    engine.set("a", value)

    assert engine.get("a") is value
    assert len(engine) == 1

    engine.set("a", b"another")

    assert engine.get("a") == b"another"
    assert engine.delete("a") is True
    assert engine.delete("a") is False
    assert engine.get("a") is None


def test_kinds_of_misses(running):
    """Cold, expired, invalidated and lost are told apart."""
    engine, clock = running
    for key in ("expired", "invalidated", "lost"):
        engine.set(key, b"x" * 20, 10 if key == "expired" else math.inf)
    engine.delete("invalidated")
    clock.advance(11)

    assert engine.get("expired") is None
    assert engine.expirations == 1

    engine.flush()

    assert len(engine) == 0
    for key in ("cold", "expired", "invalidated", "lost"):
        assert engine.get(key) is None
        assert key == engine.why_missed(key)


@pytest.mark.parametrize("name", SPECS)
def test_keys_are_those_that_a_get_would_find(name):
    """An engine lists its live keys: not the deleted, the expired, the flushed; any bytes may be in a key."""
    engine, clock = started(SPECS[name])
    assert [] == list(engine.keys())
    for key in ("short", "long", "deleted", "odd\udcff"):
        engine.set(key, b"x" * 20, {"short": 10, "long": 60}.get(key, math.inf))
    engine.delete("deleted")

    assert {"short", "long", "odd\udcff"} == set(engine.keys())

    clock.advance(11)

    assert {"long", "odd\udcff"} == set(engine.keys())

    engine.flush()

    assert [] == list(engine.keys())


@pytest.mark.parametrize("name", SPECS)
def test_listing_keys_leaves_no_trace(name):
    """Of two caches with equal requests, one lists its keys often: both hold and count the same."""
    (listing, one_clock), (other, other_clock) = started(SPECS[name]), started(SPECS[name])
    for n in range(6_000):
        for engine, clock in ((listing, one_clock), (other, other_clock)):
            clock.advance(0.01)
            engine.get(f"key:{n % 7}")
            engine.set(f"key:{n // 2}", b"x" * 600, 3 if n % 5 else math.inf)
        if n % 100 == 0:
            list(listing.keys())

    assert list(other.keys()) == list(listing.keys())
    assert (other.expirations, other.evictions) == (listing.expirations, listing.evictions)
    assert other.expirations + other.evictions > 100


@pytest.mark.parametrize("name", SPECS)
def test_a_list_of_keys_stays_as_it_was(name):
    """A change while the keys are read does not touch the list."""
    engine, _ = started(SPECS[name])
    for n in range(5):
        engine.set(f"key:{n}", b"x")
    keys, found = engine.keys(), set()
    for key in keys:
        engine.delete(key)
        engine.set(f"{key} again", b"x")
        found.add(key)

    assert {f"key:{n}" for n in range(5)} == found


def test_a_full_cache_evicts(running):
    """More than fits makes evictions, which misses name; what is held fits."""
    engine, _ = running
    for n in range(20_000):
        engine.set(f"key:{n}", b"x" * 100)

    assert engine.evictions > 0
    assert engine.evictions + len(engine) == 20_000
    gone = next(n for n in range(20_000) if engine.get(f"key:{n}") is None)
    assert engine.why_missed(f"key:{gone}") == "evicted"


@pytest.mark.parametrize("ttl", [0, -1, math.nan])
def test_a_ttl_must_be_positive(running, ttl):
    """A TTL that is not above 0 is refused in one sentence."""
    engine, _ = running
    with pytest.raises(
        (BadInput, CommandError), match=r"ttl must be > 0 seconds|invalid expire time"
    ):
        engine.set("a", b"x", ttl)


def test_read_through_is_the_slow_loop(running):
    """Asking for keys in bulk does what asking one by one does."""
    bulk, _ = running
    slow, _ = started(next(s for s in SPECS.values() if type(s.build(float, float)) is type(bulk)))
    spec_of_bulk = getattr(bulk, "spec", None)
    if spec_of_bulk is not None:
        slow, _ = started(spec_of_bulk)
    keys = [f"key:{n * n % 997}" for n in range(20_000)]
    misses = sum(bulk.read_through(keys, b"x" * 100).values())
    expected = 0
    for key in keys:
        if slow.get(key) is None:
            expected += 1
            slow.set(key, b"x" * 100)

    assert expected == misses
    assert slow.evictions == bulk.evictions


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "set", "delete", "wait"]),
        st.integers(0, 8),
        st.sampled_from([1, 2, 5, math.inf]),
    ),
    max_size=60,
)


@pytest.mark.parametrize("name", SPECS)
@given(steps=STEPS)
def test_what_is_served_is_alive(name, steps):
    """Whatever happens: no key is served that was deleted, has expired or was never set; counters only grow."""
    engine, clock = started(SPECS[name])
    alive = {}  # key -> (value, deadline)
    counted = (0, 0)
    for number, (step, key, ttl) in enumerate(steps):
        name_of_key = f"key:{key}"
        if step == "wait":
            clock.advance(0.7)
        elif step == "set":
            value = b"%d" % number * 40
            engine.set(name_of_key, value, ttl)
            alive[name_of_key] = (value, clock() + ttl + 1)  # memcached rounds up to whole seconds
        elif step == "delete":
            engine.delete(name_of_key)
            alive.pop(name_of_key, None)
        else:
            found = engine.get(name_of_key)
            assert found is None or (
                found == alive[name_of_key][0] and clock() < alive[name_of_key][1]
            )
        now = (engine.evictions, engine.expirations)
        assert now >= counted
        counted = now


@pytest.mark.parametrize("policy", [FIFO, LRU, CLOCK, SIEVE, LFU, Random])
@given(steps=STEPS, sizes=st.lists(st.integers(0, 60), min_size=60, max_size=60))
def test_simple_never_exceeds_its_limits(policy, steps, sizes):
    """After every command Simple is within both limits, and its books are what its entries add up to."""
    clock = ManualClock()
    cache = Simple(memory=150, items=4, policy=policy).build(clock, uniform(1, "eviction"))
    for (step, key, ttl), size in zip(steps, sizes, strict=False):
        if step == "wait":
            clock.advance(0.7)
        elif step == "set":
            cache.set(f"key:{key}", b"x" * size, ttl)
        elif step == "delete":
            cache.delete(f"key:{key}")
        else:
            cache.get(f"key:{key}")

        assert cache.memory <= 150
        assert len(cache) <= 4
        assert cache.memory == sum(e.size for e in cache.entries.values())
