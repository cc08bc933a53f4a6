"""The commands on bits."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "bits"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("SETBIT a 7 1", 0),
        ("SETBIT a 7 0", 1),
        ("SETBIT a 17 1", 0),
        ("GETBIT a 17", 1),
        ("GETBIT a 16", 0),
        ("GETBIT a 1000", 0),
        ("STRLEN a", 3),
        ("GETBIT none 1", 0),
        ("OBJECT ENCODING a", b"raw"),
    ],
    [
        ("SETBIT a -1 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT a x 1", "-ERR bit offset is not an integer or out of range"),
        ("SETBIT a 1 2", "-ERR bit is not an integer or out of range"),
        ("SETBIT a 1 x", "-ERR bit is not an integer or out of range"),
        ("SETBIT a 4294967296 1", "-ERR bit offset is not an integer or out of range"),
        ("GETBIT a 4294967295", 0),
        ("GETBIT a #1", "-ERR bit offset is not an integer or out of range"),
    ],
    [
        ("SET a foobar", "OK"),
        ("BITCOUNT a", 26),
        ("BITCOUNT a 0 0", 4),
        ("BITCOUNT a 1 1", 6),
        ("BITCOUNT a 5 30 BIT", 17),
        ("BITCOUNT a -2 -1", 7),
        ("BITCOUNT a -1 -2", 0),
        ("BITCOUNT a 3 1", 0),
        ("BITCOUNT a 0 100 BYTE", 26),
        ("BITCOUNT none", 0),
        ("BITCOUNT none x", 0),
    ],
    [
        ("SET a foobar", "OK"),
        ("BITCOUNT a 0", "-ERR syntax error"),
        ("BITCOUNT a 0 1 x", "-ERR syntax error"),
        ("BITCOUNT a 0 1 BIT x", "-ERR syntax error"),
        ("BITCOUNT a x 1", "-ERR value is not an integer or out of range"),
        ("BITCOUNT a -1 -2 x", 0),
    ],
    [
        ("SETRANGE a 0 ÿð", 4),
        ("BITPOS a 1", 0),
        ("BITPOS a 0", 2),
        ("BITPOS a 1 1", 8),
        ("BITPOS none 1", -1),
        ("BITPOS none 0", 0),
        ("BITPOS a 0 0 0", 2),
        ("BITPOS a 1 20", -1),
        ("BITPOS a 0 -1 -1", 25),
        ("BITPOS a 1 3 9 BIT", 6),
        ("BITPOS a 0 10 11 BIT", -1),
    ],
    [
        ("SET a 1", "OK"),
        ("BITPOS a 2", "-ERR The bit argument must be 1 or 0."),
        ("BITPOS a x", "-ERR value is not an integer or out of range"),
        ("BITPOS a 1 0 1 x", "-ERR syntax error"),
        ("BITPOS a 1 x", "-ERR value is not an integer or out of range"),
        ("BITPOS a 1 0 1 BIT x", "-ERR syntax error"),
        ("BITPOS a 1 x 1 BIT x", "-ERR syntax error"),
    ],
    [
        ("SET a abc", "OK"),
        ("SET b ab", "OK"),
        ("BITOP AND d a b", 3),
        ("GET d", b"ab\x00"),
        ("BITOP OR d a b none", 3),
        ("GET d", b"abc"),
        ("BITOP XOR d a b", 3),
        ("BITOP NOT d b", 2),
        ("STRLEN d", 2),
        ("OBJECT ENCODING d", b"raw"),
        ("BITOP OR d none", 0),
        ("EXISTS d", 0),
        ("BITOP NOT d none", 0),
    ],
    [
        ("SET a abc", "OK"),
        ("HSET h a 1", 1),
        ("BITOP NAND d a", "-ERR syntax error"),
        ("BITOP NOT d a a", "-ERR BITOP NOT must be called with a single source key."),
        ("BITOP AND d a h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITCOUNT h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BITPOS h 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETBIT h 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
