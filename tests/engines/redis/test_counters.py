"""Several strings at once, and floats."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "counter"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("MSETNX a 1 b 2", 1),
        ("MSETNX b 3 c 4", 0),
        ("MGET a b c", [b"1", b"2", None]),
        ("MSETNX a", "-ERR wrong number of arguments for 'msetnx' command"),
        ("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"),
        ("MSETNX d 1 d 2", 1),
        ("GET d", b"2"),
        ("SUBSTR d 0 0", b"2"),
        ("GETRANGE d -1 -1", b"2"),
    ],
    [
        ("INCRBYFLOAT a 0x1.8p3", b"12"),
        ("INCRBYFLOAT a -0x2", b"10"),
        ("INCRBYFLOAT a 0x", "-ERR value is not a valid float"),
        ("SET b '0x.8P-1'", "OK"),
        ("INCRBYFLOAT b 0", b"0.25"),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
