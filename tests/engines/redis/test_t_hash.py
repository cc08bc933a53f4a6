"""The hash commands."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "hash"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("HSET h a 1 b 2", 2),
        ("HSET h a 3 c 4", 1),
        ("HGET h a", b"3"),
        ("HGET h z", None),
        ("HGET none a", None),
        ("HLEN h", 3),
        ("HLEN none", 0),
    ],
    [
        ("HMSET h a 1 b 2", "OK"),
        ("HGETALL h", {b"a": b"1", b"b": b"2"}),
        ("HKEYS h", [b"a", b"b"]),
        ("HVALS h", [b"1", b"2"]),
        ("HGETALL none", {}),
        ("HKEYS none", []),
        ("HMGET h a z b", [b"1", None, b"2"]),
        ("HMGET none a", [None]),
    ],
    [
        ("HSETNX h a 1", 1),
        ("HSETNX h a 2", 0),
        ("HGET h a", b"1"),
        ("HEXISTS h a", 1),
        ("HEXISTS h b", 0),
        ("HSTRLEN h a", 1),
        ("HSTRLEN h z", 0),
    ],
    [
        ("HSET h a 1 b 2", 2),
        ("HDEL h a z a", 1),
        ("HDEL h b", 1),
        ("EXISTS h", 0),
        ("HDEL h b", 0),
        ("TYPE h", "none"),
    ],
    [
        ("HINCRBY h n 5", 5),
        ("HINCRBY h n -7", -2),
        ("HGET h n", b"-2"),
        ("HSET h t x", 1),
        ("HINCRBY h t 1", "-ERR hash value is not an integer"),
        ("HINCRBY h n x", "-ERR value is not an integer or out of range"),
        ("HSET h m 9223372036854775807", 1),
        ("HINCRBY h m 1", "-ERR increment or decrement would overflow"),
    ],
    [
        ("HINCRBYFLOAT h n 1.5", b"1.5"),
        ("HINCRBYFLOAT h n 0.1", b"1.6"),
        ("HSET h t x", 1),
        ("HINCRBYFLOAT h t 1", "-ERR hash value is not a float"),
        ("HINCRBYFLOAT h n inf", "-ERR value is NaN or Infinity"),
        ("HINCRBYFLOAT h n x", "-ERR value is not a valid float"),
        ("HSET h i inf", 1),
        ("HINCRBYFLOAT h i 1", "-ERR increment would produce NaN or Infinity"),
    ],
    [
        ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
        ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
        ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"),
        ("HSET h", "-ERR wrong number of arguments for 'hset' command"),
    ],
    [
        ("SET s 1", "OK"),
        ("HSET s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HGET s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HGETALL s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HLEN s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HDEL s a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HINCRBY s a 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HRANDFIELD s", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSCAN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("HSET h a 1", 1),
        ("GET h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("APPEND h x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("INCR h", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SETBIT h 1 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("GETSET h 1", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("SETNX h 1", 0),
        ("MGET h", [None]),
        ("LCS h h", "-ERR The specified keys must contain string values"),
        ("TYPE h", "hash"),
        ("SET h 1", "OK"),
        ("TYPE h", "string"),
    ],
    [
        ("HSET h a 1", 1),
        ("OBJECT ENCODING h", b"listpack"),
        ("HSET h b wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", 1),
        ("OBJECT ENCODING h", b"listpack"),
        ("HSET h b wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", 0),
        ("OBJECT ENCODING h", b"hashtable"),
        ("HDEL h b", 1),
        ("OBJECT ENCODING h", b"hashtable"),
        ("HGETALL h", {b"a": b"1"}),
    ],
    [
        ("CONFIG SET hash-max-listpack-entries 2", "OK"),
        ("HSET h a 1 b 2", 2),
        ("OBJECT ENCODING h", b"listpack"),
        ("HINCRBY h c 1", 1),
        ("OBJECT ENCODING h", b"hashtable"),
        ("COPY h g", 1),
        ("OBJECT ENCODING g", b"hashtable"),
        ("HLEN g", 3),
        ("CONFIG SET hash-max-ziplist-entries 512", "OK"),
    ],
    [
        ("HRANDFIELD none", None),
        ("HRANDFIELD none 5", []),
        ("HSET h a 1", 1),
        ("HRANDFIELD h", b"a"),
        ("HRANDFIELD h 3", [b"a"]),
        ("HRANDFIELD h -3", [b"a", b"a", b"a"]),
        ("HRANDFIELD h 0", []),
        ("HRANDFIELD h 1 WITHVALUES", [[b"a", b"1"]]),
        ("HRANDFIELD h 1 x", "-ERR syntax error"),
        ("HRANDFIELD h 1 WITHVALUES x", "-ERR syntax error"),
        (
            "HRANDFIELD h -9223372036854775808",
            (
                "-ERR value is out of range, value must between -9223372036854775807 and 922"
                "3372036854775807"
            ),
        ),
        ("HRANDFIELD h 9223372036854775807 WITHVALUES", "-ERR value is out of range"),
        ("HRANDFIELD h x", "-ERR value is not an integer or out of range"),
    ],
    [
        ("HSET h a 1 b 2 ab 3", 3),
        ("HSCAN h 0", [b"0", [b"a", b"1", b"b", b"2", b"ab", b"3"]]),
        ("HSCAN h 0 MATCH a*", [b"0", [b"a", b"1", b"ab", b"3"]]),
        ("HSCAN h 0 COUNT 1", [b"0", [b"a", b"1", b"b", b"2", b"ab", b"3"]]),
        ("HSCAN h x", "-ERR invalid cursor"),
        ("HSCAN h 0 COUNT 0", "-ERR syntax error"),
        ("HSCAN h 0 TYPE hash", "-ERR syntax error"),
        ("HSCAN none 0 foo", [b"0", []]),
        ("HSCAN none x", "-ERR invalid cursor"),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]
