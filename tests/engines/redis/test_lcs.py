"""LCS: the longest common subsequence."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "lcs"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("MSET a ohmytext b mynewtext", "OK"),
        ("LCS a b", b"mytext"),
        ("LCS a b LEN", 6),
        ("LCS a b IDX", {b"matches": [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], b"len": 6}),
        ("LCS a b IDX MINMATCHLEN 4", {b"matches": [[[4, 7], [5, 8]]], b"len": 6}),
        ("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", {b"matches": [[[4, 7], [5, 8], 4]], b"len": 6}),
        ("LCS a none", b""),
        ("LCS none none LEN", 0),
        ("LCS none none IDX", {b"matches": [], b"len": 0}),
    ],
    [
        ("MSET a abcabcab b bcaacb", "OK"),
        (
            "LCS a b IDX WITHMATCHLEN",
            {
                b"matches": [[[7, 7], [5, 5], 1], [[6, 6], [3, 3], 1], [[1, 3], [0, 2], 3]],
                b"len": 5,
            },
        ),
        (
            "LCS b a IDX WITHMATCHLEN",
            {
                b"matches": [
                    [[5, 5], [7, 7], 1],
                    [[4, 4], [5, 5], 1],
                    [[3, 3], [3, 3], 1],
                    [[0, 1], [1, 2], 2],
                ],
                b"len": 5,
            },
        ),
        ("LCS a a IDX", {b"matches": [[[0, 7], [0, 7]]], b"len": 8}),
        (
            "LCS a b idx minmatchlen -1",
            {b"matches": [[[7, 7], [5, 5]], [[6, 6], [3, 3]], [[1, 3], [0, 2]]], b"len": 5},
        ),
    ],
    [
        ("SET a x", "OK"),
        ("HSET h a 1", 1),
        ("LCS a h", "-ERR The specified keys must contain string values"),
        ("LCS h none", "-ERR The specified keys must contain string values"),
        ("LCS a a IDX LEN", "-ERR If you want both the length and indexes, please just use IDX."),
        ("LCS a a foo", "-ERR syntax error"),
        ("LCS a a MINMATCHLEN", "-ERR syntax error"),
        ("LCS a a MINMATCHLEN x", "-ERR value is not an integer or out of range"),
    ],
    [
        ("CONFIG SET proto-max-bulk-len 1mb", "OK"),
        ("SETRANGE a 600 x", 601),
        (
            "LCS a a LEN",
            ("-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"),
        ),
        ("LCS a none", b""),
        ("CONFIG SET proto-max-bulk-len 512mb", "OK"),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
