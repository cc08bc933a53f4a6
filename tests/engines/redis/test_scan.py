"""SCAN and KEYS."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "scan"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("SCAN 0", [b"0", []]),
        ("SET a 1", "OK"),
        ("HSET h a 1", 1),
        ("SCAN 0 MATCH a", [b"0", [b"a"]]),
        ("SCAN 0 TYPE HASH", [b"0", [b"h"]]),
        ("SCAN 0 TYPE string COUNT 100", [b"0", [b"a"]]),
        ("SCAN 0 TYPE zset", [b"0", []]),
        ("SCAN 0 MATCH x*", [b"0", []]),
        ("KEYS a*", [b"a"]),
        ("KEYS x", []),
    ],
    [
        ("SCAN x", "-ERR invalid cursor"),
        ("SCAN -1x", "-ERR invalid cursor"),
        ("SCAN 18446744073709551616", "-ERR invalid cursor"),
        ("SCAN 0 COUNT 0", "-ERR syntax error"),
        ("SCAN 0 COUNT x", "-ERR value is not an integer or out of range"),
        ("SCAN 0 COUNT", "-ERR syntax error"),
        ("SCAN 0 foo 1", "-ERR syntax error"),
        ("SCAN ' 1'", "-ERR syntax error"),
        ("SCAN 0 MATCH", "-ERR syntax error"),
    ],
    [
        ("SET a 1 PX 1", "OK"),
        ("KEYS *", [b"a"]),
        ("SCAN 0", [b"0", [b"a"]]),
        ("DBSIZE", 1),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]


def test_a_walk_misses_no_key_that_stays():
    """Though the table grows and shrinks between the calls."""
    engine = build()
    for number in range(500):
        engine.set(f"k{number}", b"x")
    seen, cursor, calls = set(), b"0", 0
    while calls == 0 or cursor != b"0":
        cursor, found = engine.execute(("SCAN", cursor, "COUNT", 7))
        seen.update(found)
        calls += 1
        if calls == 10:
            for number in range(3000):
                engine.set(f"more{number}", b"x")

    assert {f"k{number}".encode() for number in range(500)} <= seen
    assert calls > 50


def test_a_walk_over_a_large_hash_gives_every_field_once():
    """A hash table is scanned in steps."""
    engine = build()
    engine.execute(("HSET", "h", *(part for n in range(600) for part in (f"f{n}", n))))
    fields, cursor = [], None
    while cursor != b"0":
        cursor, found = engine.execute(("HSCAN", "h", cursor or 0, "COUNT", 50))
        fields += found[::2]

    assert sorted(f"f{n}".encode() for n in range(600)) == sorted(fields)


def test_the_dead_are_not_listed():
    """KEYS leaves them where they are, SCAN removes them."""
    engine = build()
    engine.set("a", b"1", ttl=0.001)
    engine.set("b", b"1")
    engine.clock.advance(0.002)

    assert [b"b"] == run(engine, "KEYS *")
    assert (2, 0) == (len(engine), engine.expirations)
    assert [b"0", [b"b"]] == run(engine, "SCAN 0")
    assert (1, 1) == (len(engine), engine.expirations)


def test_a_scan_of_a_type_counts_as_reads():
    """The server looks the key up to learn its type."""
    engine = build()
    engine.set("a", b"1")
    run(engine, "SCAN 0 TYPE string")

    assert 1 == engine.keyspace_hits


def test_a_call_looks_at_a_bounded_number_of_buckets():
    """Ten for each key wanted, and one: in a table nearly empty the reply may be empty too."""
    engine = build()
    for number in range(4096):
        engine.set(f"k{number}", b"x")
    for number in range(4095):
        engine.delete(f"k{number}")
    replies = [engine.execute(("SCAN", 0, "COUNT", 1))]
    while replies[-1][0] != b"0":
        replies.append(engine.execute(("SCAN", replies[-1][0], "COUNT", 1)))

    assert [b"k4095"] == [key for _, keys in replies for key in keys]
    assert 4096 // 11 <= len(replies) <= 4096 // 11 + 2
