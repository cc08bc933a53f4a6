"""Sixteen databases in one engine: apart in keys, together in memory, eviction and expiry."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform
from cachesim.units import KIB


def build(**fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(), uniform(1, "databases"))


def test_a_key_is_in_one_database():
    """The same name in two databases is two keys, and each knows why it is gone."""
    engine = build()
    engine.set("a", b"0")
    engine.select(3)

    assert engine.get("a") is None

    engine.set("a", b"3")
    engine.delete("a")
    engine.select(0)

    assert b"0" == engine.get("a")
    assert (0, "cold") == (engine.selected, engine.why_missed("a"))

    engine.select(3)

    assert "invalidated" == engine.why_missed("a")


def test_the_length_counts_every_database_and_dbsize_one():
    """As INFO keyspace adds up."""
    engine = build()
    for index in (0, 5):
        engine.select(index)
        engine.set("a", b"1")
    engine.set("b", b"1", ttl=9)

    assert (3, 2) == (len(engine), engine.execute(("DBSIZE",)))
    assert engine.execute(("INFO", "keyspace")).decode().split("\r\n")[1:3] == [
        "db0:keys=1,expires=0,avg_ttl=0",
        "db5:keys=2,expires=1,avg_ttl=0",
    ]


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-ttl"])
def test_eviction_takes_from_every_database(policy):
    """A full database makes room for another one; the selected one stays selected."""
    engine = build(memory=100 * KIB, policy=policy)
    for index in (0, 7):
        engine.select(index)
        for number in range(150):
            engine.clock.advance(1)
            engine.set(f"k{number}", b"x" * 200, ttl=10**6 + number)

    assert 7 == engine.selected
    assert engine.evictions > 100
    assert engine.memory <= engine.limit + 300
    assert (
        len(engine.databases[0].table.entries) + len(engine.table.entries) == 300 - engine.evictions
    )


def test_the_idlest_goes_whichever_database_is_selected():
    """LRU compares the keys of all databases with each other."""
    engine = build(policy="allkeys-lru")
    for index in (9, 2):
        engine.select(index)
        engine.set("a", b"1")
        engine.clock.advance(50)
    engine.limit_memory(engine.memory - 1)
    engine.execute(("PING",))

    assert {2: 1, 9: 0} == {i: len(engine.databases[i].table.entries) for i in (2, 9)}


def test_active_expiry_goes_round():
    """Dead keys are removed from databases that are not selected, too."""
    engine = build()
    engine.select(4)
    for number in range(100):
        engine.set(f"k{number}", b"1", ttl=1)
    engine.select(0)
    engine.clock.advance(1.2)
    engine.execute(("PING",))

    assert (0, 100, 0) == (len(engine), engine.expirations, engine.selected)


def test_flushing_one_database_leaves_the_others():
    """The bytes that are left are those of the others."""
    engine = build()
    engine.set("a", b"1", ttl=9)
    before = engine.memory
    engine.select(1)
    engine.set("b", b"hello", ttl=9)
    engine.flush_database(engine.databases[1])

    assert (before, 1) == (engine.memory, len(engine))

    engine.flush()

    assert (engine.base_memory, 0) == (engine.memory, len(engine))


def test_a_plain_get_of_another_type_is_refused():
    """With the server's own words."""
    engine = build()
    engine.set("a", b"1")
    engine.table.entries["a"].value = object()

    with pytest.raises(CommandError, match=r"^WRONGTYPE Operation against a key holding the wrong"):
        engine.get("a")
