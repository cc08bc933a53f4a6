"""OBJECT and MEMORY."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "inspect"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("SET a 5", "OK"),
        ("OBJECT REFCOUNT a", 1),
        ("SET a 123456", "OK"),
        ("OBJECT REFCOUNT a", 1),
        ("OBJECT REFCOUNT none", None),
        ("OBJECT ENCODING none", None),
        ("HSET h a 1", 1),
        ("OBJECT REFCOUNT h", 1),
        ("OBJECT IDLETIME h", 0),
        (
            "OBJECT FREQ h",
            (
                "-ERR An LFU maxmemory policy is not selected, access frequency not tracked."
                " Please note that when switching between policies at runtime LRU and LFU da"
                "ta will take some time to adjust."
            ),
        ),
        ("OBJECT FREQ none", None),
    ],
    [
        ("HSET h a 1", 1),
        ("MEMORY USAGE h", 64),
        ("HSET h a wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", 0),
        ("MEMORY USAGE h", 248),
        ("MEMORY USAGE h SAMPLES 0", 248),
        ("MEMORY USAGE h SAMPLES 0 SAMPLES 1", 248),
        ("MEMORY PURGE", "OK"),
        ("MEMORY USAGE h SAMPLES", "-ERR syntax error"),
        ("MEMORY USAGE h x 1", "-ERR syntax error"),
        ("MEMORY FOO", "-ERR unknown subcommand 'FOO'. Try MEMORY HELP."),
        (
            "OBJECT HELP",
            [
                "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "ENCODING <key>",
                "    Return the kind of internal representation used in order to store the value",
                "    associated with a <key>.",
                "FREQ <key>",
                "    Return the access frequency index of the <key>. The returned integer is",
                "    proportional to the logarithm of the recent access frequency of the key.",
                "IDLETIME <key>",
                "    Return the idle time of the <key>, that is the approximated number of",
                "    seconds elapsed since the last access to the key.",
                "REFCOUNT <key>",
                "    Return the number of references of the value associated with the specified",
                "    <key>.",
                "HELP",
                "    Prints this help.",
            ],
        ),
        ("OBJECT HELP x", "-ERR wrong number of arguments for 'object|help' command"),
        ("MEMORY", "-ERR wrong number of arguments for 'memory' command"),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
