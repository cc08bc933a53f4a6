"""BITFIELD: fields of any width, with and without a sign."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "bitfield"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("BITFIELD a INCRBY i5 100 1 GET u4 0", [1, 0]),
        ("BITFIELD a SET u8 0 255 GET i8 0", [0, -1]),
        ("BITFIELD a", []),
        ("BITFIELD none", []),
        ("BITFIELD none GET u8 0", [0]),
        ("EXISTS none", 0),
    ],
    [
        ("BITFIELD a INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1", [1, 1]),
        ("BITFIELD a INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1", [2, 2]),
        ("BITFIELD a INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1", [3, 3]),
        ("BITFIELD a INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1", [0, 3]),
        ("BITFIELD a OVERFLOW FAIL INCRBY u2 102 1", [None]),
    ],
    [
        ("BITFIELD a SET u8 #0 11 SET u8 #1 12 SET i64 #1 -1", [0, 0, 0]),
        ("BITFIELD a GET i64 #1 GET u63 65 GET i3 126", [-1, 9223372036854775807, -2]),
        ("STRLEN a", 16),
        ("BITFIELD_RO a GET u8 #1", [12]),
    ],
    [
        ("BITFIELD a SET i8 0 -128", [0]),
        ("BITFIELD a OVERFLOW SAT INCRBY i8 0 -1 OVERFLOW WRAP INCRBY i8 0 -1", [-128, 127]),
        ("BITFIELD a OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0", [127, 127]),
        ("BITFIELD b OVERFLOW SAT INCRBY i8 0 -9223372036854775808", [-128]),
        ("BITFIELD a OVERFLOW FAIL SET i8 0 300", [None]),
        ("BITFIELD a SET u8 0 -1", [127]),
        (
            "BITFIELD a OVERFLOW SAT SET u8 0 -1 GET u8 0 OVERFLOW SAT INCRBY u8 0 -300",
            [255, 255, 0],
        ),
    ],
    [
        (
            "BITFIELD a GET u64 0",
            (
                "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not"
                " supported but i64 is."
            ),
        ),
        (
            "BITFIELD a GET i65 0",
            (
                "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not"
                " supported but i64 is."
            ),
        ),
        (
            "BITFIELD a GET x 0",
            (
                "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not"
                " supported but i64 is."
            ),
        ),
        ("BITFIELD a GET u8 x", "-ERR bit offset is not an integer or out of range"),
        ("BITFIELD a GET u8", "-ERR syntax error"),
        ("BITFIELD a foo", "-ERR syntax error"),
        ("BITFIELD a OVERFLOW", "-ERR syntax error"),
        ("BITFIELD a OVERFLOW x", "-ERR Invalid OVERFLOW type specified"),
        ("BITFIELD a SET u8 0 x", "-ERR value is not an integer or out of range"),
        ("BITFIELD_RO a SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
        ("BITFIELD a GET u8 4294967296", "-ERR bit offset is not an integer or out of range"),
        ("HSET h a 1", 1),
        (
            "BITFIELD h GET u8 0",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        (
            "BITFIELD h SET u8 0 1",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
