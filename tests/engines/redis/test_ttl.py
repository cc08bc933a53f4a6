"""The commands on TTLs."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "expiry"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("SET a 1", "OK"),
        ("EXPIRE a 10 XX", 0),
        ("EXPIRE a 10 GT", 0),
        ("EXPIRE a 10 LT", 1),
        ("TTL a", 10),
        ("EXPIRE a 20 LT", 0),
        ("EXPIRE a 20 GT", 1),
        ("EXPIRE a 5 NX", 0),
        ("EXPIRE a 30 xx", 1),
        ("TTL a", 30),
        ("PERSIST a", 1),
        ("EXPIRE a 5 NX", 1),
        ("TTL a", 5),
    ],
    [
        ("SET a 1", "OK"),
        ("EXPIRE a 1 foo", "-ERR Unsupported option foo"),
        (
            "EXPIRE a 1 NX XX",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "EXPIRE a 1 NX GT",
            "-ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        ("EXPIRE a 1 GT LT", "-ERR GT and LT options at the same time are not compatible"),
        ("EXPIRE a x foo", "-ERR Unsupported option foo"),
        ("EXPIRE a x", "-ERR value is not an integer or out of range"),
        ("EXPIRE a 9223372036854775807", "-ERR invalid expire time in 'expire' command"),
        ("EXPIRE a 9223372036854775", "-ERR invalid expire time in 'expire' command"),
        ("PEXPIRE none 1", 0),
        ("EXPIREAT a -9223372036854775807", "-ERR invalid expire time in 'expireat' command"),
        ("EXPIRE a 1 XX GT", 0),
    ],
    [
        ("SET a 1", "OK"),
        ("EXPIRETIME a", -1),
        ("PEXPIRETIME a", -1),
        ("EXPIRETIME none", -2),
        ("PEXPIREAT a 1577836805600", 1),
        ("EXPIRETIME a", 1577836806),
        ("PEXPIRETIME a", 1577836805600),
        ("PTTL a", 5600),
        ("TTL a", 6),
        ("EXPIREAT a 1577836900", 1),
        ("TTL a", 100),
        ("EXPIREAT a 1", 1),
        ("EXISTS a", 0),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
