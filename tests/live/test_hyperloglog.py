"""HyperLogLogs in the embedded and the real server: the same bytes, and the same errors for damaged ones."""

from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.hyperloglog import EMPTY
from cachesim.live.redis_server import RedisServer
from tests.live.test_differential import reply

HEADERS = (
    EMPTY[:16],
    EMPTY[:15] + b"\x80",
    b"HYLX" + EMPTY[4:16],
    EMPTY[:4] + b"\x02" + EMPTY[5:16],
)
BODIES = (
    b"",
    b"\x7f\xff",
    b"\x7f\xff\x83",
    b"\x00",
    b"\x83\x7f\xfb",
    b"\x7f\xfe\x80",
    b"\x7f\xff" * 2,
)
ASKED = (("PFCOUNT", "h"), ("PFCOUNT", "h", "g"), ("PFDEBUG", "GETREG", "h"), ("PFADD", "h"), ("PFADD", "h", "a"),
         ("PFMERGE", "m", "h"), ("PFDEBUG", "DECODE", "h"), ("PFDEBUG", "ENCODING", "h"), ("GET", "h"))  # fmt: skip


@pytest.fixture
def both(start):
    """Start a server beside an embedded engine."""
    clock = ManualClock()
    return Redis().build(clock, lambda: 0.5), start(RedisServer(), at=clock)


def test_damaged_ones_get_the_same_replies(both):
    """Wrong headers, too few registers or too many: each command on a string of its own."""
    for value in (header + body for header in HEADERS for body in BODIES):
        for command in ASKED:
            told = []
            for engine in both:
                for before in (("DEL", "g", "m"), ("PFADD", "g", "x"), ("SET", "h", value)):
                    engine.execute(before)
                told.append(
                    [
                        reply(engine, command),
                        reply(engine, ("GET", "h")),
                        reply(engine, ("GET", "m")),
                    ]
                )
            assert told[0] == told[1], (value, command)


def test_the_bytes_are_equal_while_it_grows(both):
    """From the first run to the dense form, under three limits: GET, PFCOUNT and the encoding."""
    random = Random(1)
    for limit in (3000, 200, 0):
        for engine in both:
            engine.execute(("CONFIG", "SET", "hll-sparse-max-bytes", limit))
            engine.execute(("DEL", "h"))
        for _ in range(90):
            elements = [random.randrange(10**9) for _ in range(random.choice([1, 2, 20, 60]))]
            for command in (
                ("PFADD", "h", *elements),
                ("GET", "h"),
                ("PFCOUNT", "h"),
                ("MEMORY", "USAGE", "h"),
            ):
                ours, theirs = (reply(engine, command) for engine in both)
                assert ours == theirs, command[:2]
