"""The commands on several databases, and on the names of keys."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "keyspace_commands"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("SELECT 1", "OK"),
        ("SET a 1", "OK"),
        ("SELECT 0", "OK"),
        ("EXISTS a", 0),
        ("SELECT 16", "-ERR DB index is out of range"),
        ("SELECT -1", "-ERR DB index is out of range"),
        ("SELECT x", "-ERR value is not an integer or out of range"),
        (
            "SELECT 99999999999",
            "-ERR value is out of range, value must between -2147483648 and 2147483647",
        ),
    ],
    [
        ("SET a 1 EX 100", "OK"),
        ("MOVE a 1", 1),
        ("EXISTS a", 0),
        ("MOVE a 1", 0),
        ("SELECT 1", "OK"),
        ("TTL a", 100),
        ("MOVE a 1", "-ERR source and destination objects are the same"),
        ("MOVE a 16", "-ERR DB index is out of range"),
        ("MOVE a x", "-ERR value is not an integer or out of range"),
        ("SELECT 0", "OK"),
        ("SET a 2", "OK"),
        ("SELECT 1", "OK"),
        ("MOVE a 0", 0),
        ("SELECT 0", "OK"),
        ("GET a", b"2"),
    ],
    [
        ("SET a 1", "OK"),
        ("SWAPDB 0 3", "OK"),
        ("EXISTS a", 0),
        ("SELECT 3", "OK"),
        ("GET a", b"1"),
        ("SELECT 0", "OK"),
        ("SWAPDB 0 3", "OK"),
        ("GET a", b"1"),
        ("SWAPDB 0 0", "OK"),
        ("SWAPDB 0 16", "-ERR DB index is out of range"),
        ("SWAPDB x 1", "-ERR invalid first DB index"),
        ("SWAPDB 1 x", "-ERR invalid second DB index"),
        ("SWAPDB 0 99999999999", "-ERR invalid second DB index"),
    ],
    [
        ("SET a 1", "OK"),
        ("SELECT 1", "OK"),
        ("SET b 1", "OK"),
        ("FLUSHDB", "OK"),
        ("DBSIZE", 0),
        ("SELECT 0", "OK"),
        ("DBSIZE", 1),
        ("FLUSHDB x", "-ERR syntax error"),
        ("FLUSHDB ASYNC", "OK"),
        ("FLUSHALL SYNC SYNC", "-ERR syntax error"),
        ("SELECT 1", "OK"),
        ("SET c 1", "OK"),
        ("SELECT 0", "OK"),
        ("FLUSHALL", "OK"),
        ("SELECT 1", "OK"),
        ("DBSIZE", 0),
    ],
    [
        ("SET a 1 EX 9", "OK"),
        ("RENAME a b", "OK"),
        ("GET b", b"1"),
        ("TTL b", 9),
        ("EXISTS a", 0),
        ("RENAME b b", "OK"),
        ("RENAMENX b b", 0),
        ("RENAME none b", "-ERR no such key"),
        ("RENAME none none", "-ERR no such key"),
        ("SET c 2", "OK"),
        ("RENAMENX b c", 0),
        ("RENAME b c", "OK"),
        ("GET c", b"1"),
        ("TTL c", 9),
        ("RENAMENX c d", 1),
        ("HSET h f 1", 1),
        ("RENAME h d", "OK"),
        ("TYPE d", "hash"),
        ("TTL d", -1),
    ],
    [
        ("SET a hello EX 9", "OK"),
        ("COPY a b", 1),
        ("TTL b", 9),
        ("COPY a b", 0),
        ("SET a 2", "OK"),
        ("COPY a b REPLACE", 1),
        ("GET b", b"2"),
        ("TTL b", -1),
        ("COPY a a", "-ERR source and destination objects are the same"),
        ("COPY a a DB 0", "-ERR source and destination objects are the same"),
        ("COPY a a DB 2", 1),
        ("SELECT 2", "OK"),
        ("GET a", b"2"),
        ("SELECT 0", "OK"),
        ("COPY none b", 0),
        ("COPY a b DB 16", "-ERR DB index is out of range"),
        ("COPY a b DB x", "-ERR value is not an integer or out of range"),
        ("COPY a b DB", "-ERR syntax error"),
        ("COPY a b foo", "-ERR syntax error"),
    ],
    [
        ("SET a 1", "OK"),
        ("APPEND a 2", 2),
        ("COPY a b", 1),
        ("OBJECT ENCODING b", b"raw"),
        ("INCRBYFLOAT f 1.5", b"1.5"),
        ("COPY f g", 1),
        ("OBJECT ENCODING g", b"embstr"),
        ("HSET h a 1", 1),
        ("COPY h i", 1),
        ("HSET i a 2", 0),
        ("HGET h a", b"1"),
        ("TOUCH a b none", 2),
        ("UNLINK a b none", 2),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
