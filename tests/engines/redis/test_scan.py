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
