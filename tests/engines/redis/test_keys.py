"""The commands on keys, whatever their value."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build(policy: str = "allkeys-lru") -> RedisEngine:
    return Redis(policy=policy).build(ManualClock(1000.0), uniform(1, "keys"))


def run(engine: RedisEngine, line: str):
    return engine.execute(tuple(line.split()))


SCRIPTS = [
    [("MSET a 1 b 2 c 3", "OK"), ("DEL a x a", 1), ("UNLINK b c", 2), ("DBSIZE", 0)],
    [("SET a 1", "OK"), ("EXISTS a a b", 2), ("TYPE a", "string"), ("TYPE b", "none")],
    [("TTL a", -2), ("PTTL a", -2), ("SET a 1", "OK"), ("TTL a", -1), ("PTTL a", -1)],
    [("SET a 1", "OK"), ("EXPIRE a 10", 1), ("TTL a", 10), ("PEXPIRE a 1499", 1), ("TTL a", 1)],
    [("SET a 1", "OK"), ("EXPIREAT a 1577837805", 1), ("PTTL a", 5000), ("EXPIRE b 10", 0)],
    [
        ("SET a 1", "OK"),
        ("PEXPIREAT a 1577837800001", 1),
        ("PTTL a", 1),
        ("PERSIST a", 1),
        ("TTL a", -1),
    ],
    [("SET a 1", "OK"), ("PEXPIREAT a 9223372036854775807", 1), ("EXISTS a", 1)],
    [("PERSIST a", 0), ("SET a 1", "OK"), ("PERSIST a", 0)],
    [("SET a 1", "OK"), ("EXPIRE a -1", 1), ("EXISTS a", 0)],
    [("SET a 1", "OK"), ("EXPIRE a 0", 1), ("EXISTS a", 0)],
    [("RANDOMKEY", None), ("SET a 1", "OK"), ("RANDOMKEY", b"a")],
    [("OBJECT IDLETIME a", None), ("OBJECT FREQ a", None), ("MEMORY USAGE a", None)],
    [("SET a abc", "OK"), ("MEMORY USAGE a SAMPLES 5", 64), ("object idletime a", 0)],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply was checked against a redis-server 7.0.15."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]


ERRORS = [
    ("EXPIRE a x", "ERR value is not an integer or out of range"),
    ("EXPIRE a 9223372036854775807", "ERR invalid expire time in 'expire' command"),
    ("PEXPIRE a 9223372036854775807", "ERR invalid expire time in 'pexpire' command"),
    ("EXPIREAT a -9223372036854775807", "ERR invalid expire time in 'expireat' command"),
    ("MEMORY USAGE a SAMPLES", "ERR syntax error"),
    ("MEMORY USAGE a SAMPLES -1", "ERR syntax error"),
    ("MEMORY USAGE a SAMPLES x", "ERR value is not an integer or out of range"),
    ("OBJECT FOO a", "ERR unknown subcommand 'FOO'. Try OBJECT HELP."),
    ("OBJECT FREQ", "ERR wrong number of arguments for 'object|freq' command"),
    ("OBJECT", "ERR wrong number of arguments for 'object' command"),
]


@pytest.mark.parametrize(("line", "error"), ERRORS)
def test_an_error_has_the_words_of_redis(line, error):
    """A command refused says why."""
    engine = build()
    run(engine, "SET a 1")

    with pytest.raises(CommandError) as caught:
        run(engine, line)
    assert error == str(caught.value)
    assert -1 == run(engine, "TTL a")


def test_a_key_expired_by_a_client_is_invalidated():
    """EXPIRE with a time gone by is a delete: no TTL ran out."""
    engine = build()
    run(engine, "SET a 1")
    run(engine, "EXPIRE a -1")

    assert ("invalidated", 0) == (engine.why_missed("a"), engine.expirations)


def test_idle_time_counts_seconds_since_the_last_use():
    """GET is a use; TTL, EXISTS, TYPE and OBJECT are none."""
    engine = build()
    run(engine, "SET a 1")
    engine.clock.advance(30)
    for line in ("TTL a", "EXISTS a", "TYPE a", "MEMORY USAGE a"):
        run(engine, line)

    assert 30 == run(engine, "OBJECT IDLETIME a")

    run(engine, "GET a")

    assert 0 == run(engine, "OBJECT IDLETIME a")


def test_the_frequency_rises_with_uses_and_falls_with_minutes():
    """A new key has 5, its first use makes 6, two minutes later it has 4; SET keeps the counter."""
    engine = build("allkeys-lfu")
    run(engine, "SET a 1")

    assert 5 == run(engine, "OBJECT FREQ a")

    run(engine, "GET a")

    assert 6 == run(engine, "OBJECT FREQ a")

    engine.clock.advance(120)

    assert 4 == run(engine, "OBJECT FREQ a")

    run(engine, "SET a 2")

    assert 5 == run(engine, "OBJECT FREQ a")


@pytest.mark.parametrize(
    ("policy", "line", "error"),
    [
        ("allkeys-lru", "OBJECT FREQ a", "ERR An LFU maxmemory policy is not selected, access"),
        ("allkeys-lfu", "OBJECT IDLETIME a", "ERR An LFU maxmemory policy is selected, idle time"),
    ],
)
def test_the_bits_of_use_are_read_as_the_policy_writes_them(policy, line, error):
    """Frequency without LFU and idle time with it are refused."""
    engine = build(policy)
    run(engine, "SET a 1")

    with pytest.raises(CommandError, match=error):
        run(engine, line)


def test_randomkey_never_returns_a_dead_key():
    """Dead ones that are drawn are removed."""
    engine = build()
    for number in range(50):
        run(engine, f"SET k{number} 1 PX 5")
    run(engine, "SET alive 1")
    engine.clock.advance(0.006)

    assert {b"alive"} == {run(engine, "RANDOMKEY") for _ in range(20)} - {None}


def test_keys_are_listed_without_a_trace():
    """The living keys of the selected database; nothing is used, counted or removed."""
    engine = build()
    for line in ("MSET a 1 b 2", "SET dead x PX 10", "SELECT 1", "SET elsewhere 1", "SELECT 0"):
        run(engine, line)
    used = {key: entry.lru for key, entry in engine.table.entries.items()}
    engine.clock.advance(60)

    assert ["a", "b"] == list(engine.keys())
    assert used == {key: entry.lru for key, entry in engine.table.entries.items()}
    assert (0, 0, 0) == (engine.keyspace_hits, engine.keyspace_misses, engine.expirations)
