"""Whatever commands come, the counted bytes are those of the keys that are held."""

import math
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.redis import memory
from cachesim.engines.redis.database import TEXT
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.hash_value import Hash
from cachesim.engines.redis.listpack import element_bytes
from cachesim.engines.redis.policy import POLICIES
from cachesim.errors import CommandError, OutOfMemory
from cachesim.rng import uniform
from cachesim.units import KIB


def build(**fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(), uniform(1, "engine"))


def recounted(value: Hash) -> int:
    """Return the bytes of a hash, counted from scratch."""
    if value.table is None:
        elements = [x for pair in value.values.items() for x in pair]
        return 16 + memory.allocated(7 + sum(map(element_bytes, elements)))
    texts = sum(memory.allocated(memory.sds(len(x))) for p in value.values.items() for x in p)
    return 16 + 64 + value.table.table_bytes + 32 * len(value) + texts


def recount(engine: RedisEngine) -> int:
    """Return the bytes in use, counted from scratch by the formula of module memory."""
    quantum = engine.quantum
    total = engine.base_memory
    for database in engine.databases.values():
        total += database.table.table_bytes + database.expires.table_bytes
    entries = [e for database in engine.databases.values() for e in database.table.entries.items()]
    for key, entry in entries:
        total += memory.key_bytes(len(key.encode()), quantum)
        shared = engine.policy.by not in ("lru", "lfu")
        if isinstance(entry.value, Hash):
            total += recounted(entry.value)
        elif entry.room == TEXT:
            total += memory.string_bytes(len(entry.value), quantum)
        elif entry.room is None:
            total += memory.value_bytes(entry.value, quantum, shared)
        else:
            total += memory.raw_bytes(entry.room, quantum)
        total += 0 if entry.when is None else memory.allocated(24, quantum)
    return total


names = st.sampled_from([f"k{n}" for n in range(12)])
values = st.one_of(
    st.integers(-20_000, 20_000).map(lambda n: b"%d" % n),
    st.integers(0, 4000).map(lambda n: b"x" * n),
)
commands = st.one_of(
    st.tuples(st.just("GET"), names),
    st.tuples(st.just("SET"), names, values),
    st.tuples(st.just("SET"), names, values, st.just("PX"), st.integers(1, 3000)),
    st.tuples(st.just("SET"), names, values, st.sampled_from(["NX", "XX", "GET", "KEEPTTL"])),
    st.tuples(st.just("APPEND"), names, values),
    st.tuples(st.just("SETRANGE"), names, st.integers(0, 200), values),
    st.tuples(st.just("INCRBY"), names, st.integers(-9, 20_000)),
    st.tuples(st.just("INCRBYFLOAT"), names, st.floats(-9, 9)),
    st.tuples(st.just("PEXPIRE"), names, st.integers(-10, 3000)),
    st.tuples(st.sampled_from(["DEL", "PERSIST", "GETDEL", "STRLEN"]), names),
    st.tuples(st.just("HSET"), names, st.sampled_from("abc"), values),
    st.tuples(st.just("HDEL"), names, st.sampled_from("abc")),
    st.tuples(st.sampled_from(["RENAME", "COPY", "RENAMENX"]), names, names),
    st.tuples(st.just("MOVE"), names, st.sampled_from([0, 3])),
    st.tuples(st.just("SELECT"), st.sampled_from([0, 3])),
    st.tuples(st.just("SWAPDB"), st.just(0), st.just(3)),
    st.tuples(st.just("SETBIT"), names, st.integers(0, 9000), st.just(1)),
    st.tuples(st.just("GETEX"), names, st.sampled_from(["PERSIST", "GET"])),
    st.sampled_from([("FLUSHALL",), ("FLUSHDB",)]),
    st.floats(0, 2),  # seconds that pass
)


def attempt(engine: RedisEngine, command: tuple) -> None:
    with suppress(CommandError, OutOfMemory):
        engine.execute(command)


@given(st.sampled_from(sorted(POLICIES)), st.lists(commands, max_size=60))
def test_the_books_hold_after_any_commands(policy, script):
    """Memory equals a recount; the tables hold the keys; room was made before each command."""
    engine = build(policy=policy, memory=72 * KIB)
    for step in script:
        if isinstance(step, float):
            engine.clock.advance(step)
            continue
        attempt(engine, step)

        assert recount(engine) == engine.memory

    for keys, expires in [(d.table, d.expires) for d in engine.databases.values()]:
        chained = [n.key for b in range(keys.mask + 1) for n in keys.bucket(b)]

        assert sorted(keys.entries) == sorted(chained)
        assert {k for k, e in keys.entries.items() if e.when is not None} == set(expires.entries)

    engine.execute(("PING",))
    volatile = engine.policy.volatile
    may_go = any((d.expires if volatile else d.table).entries for d in engine.databases.values())

    assert engine.memory <= engine.limit or not engine.policy.by or not may_go


@given(st.lists(commands, max_size=60))
def test_with_memory_to_spare_it_is_a_dictionary_with_deadlines(script):
    """Never serves the dead, never loses the living: GET agrees with a model of four lines."""
    engine = build()
    held: dict[str, tuple[bytes, float]] = {}  # value and last millisecond
    for step in script:
        if isinstance(step, float):
            engine.clock.advance(step)
        elif step[0] == "SET" and len(step) in (3, 5):
            engine.execute(step)
            last = int(engine.clock() * 1000) + step[4] if len(step) == 5 else math.inf
            held[step[1]] = step[2], last
        elif step[0] == "GET":
            value, last = held.get(step[1], (None, 0))

            assert (value if engine.clock() * 1000 // 1 <= last else None) == engine.get(step[1])
    assert 0 == engine.evictions


@given(st.lists(st.tuples(names, st.booleans(), st.integers(1, 5)), max_size=200))
def test_hits_and_misses_add_up_to_gets(script):
    """Under pressure of memory and of time; every miss after the first set has a reason."""
    engine = build(memory=64 * KIB)
    gets = 0
    for key, write, seconds in script:
        engine.clock.advance(0.3)
        if write:
            engine.set(key, b"x" * 900, ttl=seconds)
        else:
            gets += 1
            engine.get(key)

    assert gets == engine.keyspace_hits + engine.keyspace_misses
