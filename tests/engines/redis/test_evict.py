"""Eviction: each policy by hand, the pool, and the moment at which room is made."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import OutOfMemory
from cachesim.rng import uniform

VALUE = b"x" * 100  # with a key of at most 14 bytes: 32 + 8 or 16 + 16 + 112 bytes


def build(policy: str, seed: int = 1, samples: int = 16) -> RedisEngine:
    """Return an engine that samples every key, as long as there are at most 16."""
    spec = Redis(policy=policy, samples=samples)
    return spec.build(ManualClock(), uniform(seed, "eviction"))


def squeeze(engine: RedisEngine, keys: int = 1) -> list[str]:
    """Lower the limit so that `keys` of this size must go; return who went."""
    before = set(engine.table.entries)
    cost = sum(e.key_size + e.value_size for e in engine.table.entries.values()) / len(before)
    ttl = 32 if engine.policy.volatile else 0
    engine.limit_memory(int(engine.memory - (keys - 0.5) * (cost + ttl)))
    engine.execute(("PING",))
    return sorted(before - set(engine.table.entries))


def fill(engine: RedisEngine, *names: str, every: float = 10, **ttls: float) -> None:
    for name in names:
        engine.set(name, VALUE, **({"ttl": ttls[name]} if name in ttls else {}))
        engine.clock.advance(every)


def test_lru_evicts_the_key_idle_longest():
    """Reading a key saves it."""
    engine = build("allkeys-lru")
    fill(engine, "a", "b", "c", "d")
    engine.get("a")

    assert ["b", "c"] == squeeze(engine, 2)
    assert "evicted" == engine.why_missed("b")
    assert 2 == engine.evictions


def test_lru_does_not_see_what_happens_within_a_second():
    """The clock has seconds: keys used in the same one are equally idle."""
    engine = build("allkeys-lru")
    fill(engine, "a", "b", "c", every=0.2)

    assert 1 == len({entry.lru for entry in engine.table.entries.values()})


def test_lfu_evicts_the_key_used_least():
    """Recent use does not save a rare key."""
    engine = build("allkeys-lfu")
    fill(engine, "a", "b", "c", every=0)
    for key in "a" * 300 + "b" * 100 + "c":
        engine.get(key)

    assert ["c"] == squeeze(engine)


def test_lfu_forgets():
    """A key used often an hour ago is rarer than one used twice now."""
    engine = build("allkeys-lfu")
    fill(engine, "old", every=0)
    for _ in range(100):
        engine.get("old")
    engine.clock.advance(3600)
    fill(engine, "new", every=0)

    assert ["old"] == squeeze(engine)


def test_random_evicts_anybody():
    """Over 60 seeds every one of four keys goes at least once."""
    gone = set()
    for seed in range(60):
        engine = build("allkeys-random", seed)
        fill(engine, "a", "b", "c", "d")
        gone.update(squeeze(engine))

    assert {"a", "b", "c", "d"} == gone


def test_volatile_ttl_evicts_who_dies_soonest():
    """Whatever was used how often."""
    engine = build("volatile-ttl")
    fill(engine, "a", "b", "c", "d", every=1, a=500, b=300, c=400)
    engine.get("b")

    assert ["b", "c"] == squeeze(engine, 2)


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-lfu", "volatile-random"])
def test_volatile_policies_spare_keys_without_a_ttl(policy):
    """The oldest and rarest key stays when it never expires."""
    engine = build(policy)
    fill(engine, "a", "b", b=500)
    for _ in range(10):
        engine.get("b")

    assert ["b"] == squeeze(engine)


@pytest.mark.parametrize(
    "policy", ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
)
def test_volatile_policies_run_out_of_memory_without_a_ttl(policy):
    """When no key has a TTL nothing may go: writes are refused, reads and deletes work."""
    engine = build(policy)
    fill(engine, "a", "b")
    engine.limit_memory(engine.memory - 1)

    with pytest.raises(OutOfMemory, match="OOM command not allowed when used memory > 'maxmemory'"):
        engine.set("c", VALUE)
    assert VALUE == engine.get("a")
    assert engine.delete("a")
    engine.set("c", VALUE)
    assert 0 == engine.evictions


def test_noeviction_refuses_what_would_store():
    """Commands that may need memory get the error, the others run."""
    engine = build("noeviction")
    fill(engine, "a")
    engine.limit_memory(engine.memory - 1)

    for command in [("SET", "b", "1"), ("INCR", "n"), ("APPEND", "a", "x"), ("MSET", "b", "1")]:
        with pytest.raises(OutOfMemory):
            engine.execute(command)
    assert 1 == engine.execute(("EXPIRE", "a", 10))
    assert VALUE == engine.execute(("GETDEL", "a"))


def test_room_is_made_before_a_command_and_not_after():
    """A write may leave memory above the limit; any next command, a read too, brings it down."""
    engine = build("allkeys-lru")
    fill(engine, "a", "b")
    engine.limit_memory(engine.memory)
    engine.set("c", VALUE)

    assert engine.memory > engine.limit
    assert 0 == engine.evictions

    engine.get("c")

    assert engine.memory <= engine.limit
    assert 1 == engine.evictions


def test_the_pool_keeps_the_best_sixteen_ascending():
    """A candidate worse than all sixteen is refused; a better one pushes the worst out."""
    evictor = build("allkeys-lru").evictor
    evictor.populate([(idle, f"k{idle}", 0) for idle in range(16, 0, -1)])
    evictor.populate([(0, "worse", 0), (1, "as bad as the worst", 0), (9, "better", 0)])

    assert [2, 3, 4, 5, 6, 7, 8, 9, 9, *range(10, 17)] == [idle for idle, _, _ in evictor.pool]
    assert (9, "better", 0) == evictor.pool[7]  # left of its equal


def test_a_candidate_is_not_refreshed():
    """A key used after it was sampled is evicted all the same."""
    engine = build("allkeys-lru")
    fill(engine, "a", "b", "c")
    engine.evictor.populate(engine.evictor.sampled())
    engine.get("a")
    engine.delete("b")

    assert ["a"] == squeeze(engine)


def test_ghosts_are_skipped():
    """A candidate that left since it was sampled counts for nothing."""
    engine = build("allkeys-lru")
    engine.evictor.populate([(10**6, "ghost", 0)])
    fill(engine, "a", "b")

    assert ["a"] == squeeze(engine)


def test_a_pool_of_ghosts_is_emptied_and_filled_anew():
    """Sixteen ghosts idler than every key keep all keys out, until they have been thrown away."""
    engine = build("allkeys-lru")
    fill(engine, "a", "b")
    engine.evictor.populate([(10**6, f"ghost{n}", 0) for n in range(16)])

    assert ["a"] == squeeze(engine)


def test_a_candidate_without_its_ttl_is_a_ghost_to_volatile_policies():
    """PERSIST saves a key from the pool."""
    engine = build("volatile-lru")
    fill(engine, "a", "b", a=900, b=900)
    engine.evictor.populate(engine.evictor.sampled())
    engine.execute(("PERSIST", "a"))

    assert ["b"] == squeeze(engine)


def test_eviction_is_a_function_of_the_random_numbers():
    """The same draws evict the same keys, others evict others."""

    def gone(seed: int) -> set[str]:
        engine = build("allkeys-random", seed)
        fill(engine, *(f"k{n}" for n in range(100)), every=0)
        return set(squeeze(engine, 50))

    assert gone(1) == gone(1)
    assert gone(1) != gone(2)
