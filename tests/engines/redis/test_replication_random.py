"""Primary and replica hold equal data, whatever commands come."""

import math
from contextlib import suppress
from random import Random

import pytest

from cachesim.engines.base import EXPIRED
from cachesim.engines.redis.arguments import argument
from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError, OutOfMemory
from cachesim.rng import uniform
from cachesim.units import KIB
from tests.engines.redis.random_commands import random_command
from tests.engines.redis.replicas import content, pair, replay

TABLES = {("hashtable",), ("skiplist",)}  # encodings


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl", "noeviction"])
def test_primary_and_replica_hold_equal_data(policy):
    """After every write command that the engine has, with TTLs, eviction and all databases."""
    clock, primary, replica = pair(policy=policy, memory=80 * KIB)
    random = Random(policy)
    for engine in (primary, replica):  # a node of 4 KiB is large beside the others
        engine.execute(("CONFIG", "SET", "stream-node-max-bytes", 200))
    for step in range(6000):
        clock.advance(random.random() / 10)
        command = random_command(random)
        if changes_only_the_primary(command):
            continue
        with suppress(CommandError, OutOfMemory):
            primary.execute(command)
            if random.random() < 0.05:
                primary.set(f"fill{step}", b"x" * random.randrange(2000))
        if random.random() < 0.2:
            replay(primary, replica)
            assert but_table_bytes(replica) == but_table_bytes(primary), command
    assert {EXPIRED, ""} <= {entry.why for entry in primary.log.entries}
    assert bool(primary.evictions) == (policy != "noeviction")
    assert not replica.tally.failed


def but_table_bytes(engine):
    """Return the content without the bytes of values in tables.

    At its limit of memory a primary lets a table be crowded; a replica has no limit (redis 7: server.c,
    dictExpandAllowed).
    """
    return {
        place: ((*value[:2], value[3]) if value[1:2] in TABLES else value, when)
        for place, (value, when) in content(engine).items()
    }


def test_a_primary_is_a_redis_engine():
    """What it holds, evicts, expires and draws is the same: the log changes nothing."""
    clock, primary, _ = pair(memory=80 * KIB, policy="allkeys-lfu")
    plain = Redis(memory=80 * KIB, policy="allkeys-lfu").build(clock, uniform(1, "primary"))
    random = Random(2)
    for step in range(20_000):
        clock.advance(random.random() / 50)
        key, value = f"k{random.randrange(400)}", b"x" * random.randrange(600)
        ttl = random.choice([math.inf, math.inf, random.random() * 5])
        way = random.randrange(10)
        for engine in (primary, plain):
            if way < 4:
                engine.set(key, value, ttl)
            elif way < 9:
                engine.get(key)
            else:
                engine.delete(key)
        if step % 100 == 0:
            assert content(primary) == content(plain)
    books = ("memory", "evictions", "expirations", "keyspace_hits", "keyspace_misses", "_gone")
    assert [getattr(primary, n) for n in books] == [getattr(plain, n) for n in books]
    assert plain.evictions > 1000
    assert plain.expirations > 100


def test_the_fast_way_is_the_general_one():
    """A SET or DEL that the primary itself wrote, executed directly and by its row of the table."""
    clock, primary, fast = pair(memory=80 * KIB, policy="allkeys-lfu")
    general = primary.copy(clock, uniform(1, "replica"))
    random = Random(3)
    for step in range(10_000):
        clock.advance(random.random() / 50)
        key, ttl = f"k{random.randrange(400)}", random.choice([math.inf, random.random() * 5])
        if random.random() < 0.8:
            primary.set(key, b"x" * random.randrange(600), ttl)
        else:
            primary.delete(key)
        if step % 100 == 0:
            for entry in primary.log.after(general.applied):
                argv = tuple(argument(part) for part in entry.command)
                general.apply(entry._replace(command=argv), entry.time)
                fast.apply(entry, entry.time)
            assert content(general) == content(fast) == content(primary)
            assert general.memory == fast.memory
            assert [uses(general), general.selected] == [uses(fast), fast.selected]


def uses(engine):
    """Return the bits of use of every key."""
    return {key: entry.lru for key, entry in engine.table.entries.items()}


def changes_only_the_primary(command):
    """Whether this is BITFIELD ... OVERFLOW FAIL, or SORT.

    If it fails on an absent key, the server makes the key and tells its replicas nothing; so do we.
    SORT makes a skip list of a sorted set, and does not tell either.
    """
    name = command[0].upper()
    return (name == "BITFIELD" and "FAIL" in command) or name in ("SORT", "SORT_RO")


def test_a_bitfield_that_fails_makes_a_key_that_replicas_lack():
    """As the server does (redis 7: bitops.c)."""
    _, primary, replica = pair()
    primary.execute(("BITFIELD", "b", "OVERFLOW", "FAIL", "INCRBY", "u8", 0, 256))
    replay(primary, replica)

    assert (len(primary), len(replica), len(primary.log)) == (1, 0, 0)
