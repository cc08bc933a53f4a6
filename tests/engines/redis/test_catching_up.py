"""Many entries of the log at once, against the same entries one by one: nothing may be different."""

from collections import deque
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.catching_up import execute_until
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.rng import uniform
from cachesim.units import KIB


def state(engine):
    """Return all that a replica has, in the order in which it has it."""
    database = engine.databases[0]
    chains = [
        [
            (node.key, getattr(node, "value", None), getattr(node, "lru", 0))
            for place in range(len(table.buckets))
            for node in table.bucket(place)
        ]
        for table in (database.table, database.expires)
    ]
    sizes = [(table.mask, table._old) for table in (database.table, database.expires)]
    dates = {key: entry.when for key, entry in database.table.entries.items()}
    order = list(database.table.entries), list(database.expires.entries)
    return (
        engine.memory,
        engine.applied,
        engine.lru_clock,
        database.gone,
        chains,
        sizes,
        dates,
        order,
    )


def written(random, **fields):
    """Return a primary that grew, ran full, shrank and grew again, and its log as it was."""
    clock = ManualClock()
    primary = ReplicatedEngine(Redis(**fields), clock, uniform(1, "primary"), backlog=1 << 30)
    key = "k"
    for limit in (600, 20, 2000):
        for _ in range(1000):
            clock.advance(random.random() * 0.004)
            if random.random() < 0.6:  # else the same key as before
                key = f"k{random.randrange(limit)}"
            if limit == 20 and len(primary) > limit:
                primary.delete(next(iter(primary.table.entries)))
            elif random.random() < 0.3:
                primary.delete(key)
            elif random.random() < 0.02:
                primary.execute(("APPEND", key, "and more"))
            else:
                primary.set(
                    key, b"x" * random.randrange(200), random.choice([1.0, 9.0, float("inf")])
                )
    return primary


def two_replicas(**fields):
    """Return two that are alike."""
    clock = ManualClock()
    pair = [ReplicatedEngine(Redis(**fields), clock, uniform(1, "replica")) for _ in range(2)]
    for replica in pair:
        replica.is_replica = True
        replica.limit_memory(replica.maxmemory)
    return pair


def check(single, batched, entries):
    """Let one execute the entries one by one, the other all at once; compare the two."""
    for entry in entries:
        single.apply(entry, entry.time)
    waiting = deque((entry.time, entry) for entry in entries)
    execute_until(batched, waiting, until=entries[-1].time)
    assert not waiting
    assert state(single) == state(batched)


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "volatile-ttl"])
def test_many_at_once_are_as_one_by_one(policy):
    random = Random(policy)
    fields = {"memory": 110 * KIB, "policy": policy}
    primary = written(random, **fields)
    single, batched = two_replicas(**fields)
    entries, at = primary.log.entries, 0
    assert primary.evictions > 0 < primary.expirations
    while at < len(entries):
        step = entries[at : at + random.choice([1, 10, 1000])]
        at += len(step)
        check(single, batched, step)
    assert len(batched) == len(primary)


def test_a_table_that_shrinks_sees_the_keys_that_wait():
    """12 of 128 are so few that the cron would halve the table; two new keys make 14."""
    clock = ManualClock()
    primary = ReplicatedEngine(Redis(), clock, uniform(1, "primary"))
    for n in range(100):
        primary.set(f"k{n}", b"1")
    clock.advance(0.2)
    for n in range(88):
        primary.delete(f"k{n}")
    primary.set("new", b"1")
    primary.set("newer", b"1")
    clock.advance(0.1)
    primary.set("after the cron", b"1")
    single, batched = two_replicas()
    check(single, batched, primary.log.entries)
    assert batched.table.mask == 127
