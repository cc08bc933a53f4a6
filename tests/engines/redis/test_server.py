"""The commands about the server itself."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.command import container
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.errors import CommandError
from cachesim.units import MIB


def build(**fields) -> RedisEngine:
    return Redis(**fields).build(ManualClock(12.5), lambda: 0.5)


def run(engine: RedisEngine, line: str):
    return engine.execute(tuple(line.split()))


SCRIPTS = [
    [("PING", "PONG"), ("PING x", b"x"), ("ECHO hi", b"hi"), ("TIME", [b"1577836812", b"500000"])],
    [("SET a 1", "OK"), ("DBSIZE", 1), ("FLUSHALL", "OK"), ("DBSIZE", 0), ("FLUSHALL async", "OK")],
    [("CONFIG GET maxmemory", {b"maxmemory": b"67108864"}), ("CONFIG GET nothing", {})],
    [("CONFIG GET *policy x", {b"maxmemory-policy": b"allkeys-lru"})],
    [
        ("CONFIG SET maxmemory 1kb MAXMEMORY-policy NoEviction", "OK"),
        (
            "CONFIG GET maxmemory MAXMEMORY-p*",
            {b"maxmemory": b"1024", b"maxmemory-policy": b"noeviction"},
        ),
    ],
    [("CONFIG SET maxmemory 2m", "OK"), ("CONFIG GET maxmemory", {b"maxmemory": b"2000000"})],
    [("INFO nothing", b""), ("INFO keyspace", b"# Keyspace\r\n")],
    [("SETEX a 9 1", "OK"), ("INFO KEYSPACE", b"# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n")],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each form was checked against a redis-server 7.0.15, which has more settings and sections."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]


FAILED = "ERR CONFIG SET failed (possibly related to argument"
POLICIES = (
    "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, "
    "allkeys-lru, allkeys-lfu, allkeys-random, noeviction"
)
ERRORS = [
    ("PING a b", "ERR wrong number of arguments for 'ping' command"),
    ("FLUSHALL foo", "ERR syntax error"),
    ("CONFIG", "ERR wrong number of arguments for 'config' command"),
    ("CONFIG GET", "ERR wrong number of arguments for 'config|get' command"),
    ("CONFIG SET a", "ERR wrong number of arguments for 'config|set' command"),
    ("CONFIG SET maxmemory 1 2", "ERR syntax error"),
    ("CONFIG SET foo 1", "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"),
    ("CONFIG SET maxmemory 1q", f"{FAILED} 'maxmemory') - argument must be a memory value"),
    ("CONFIG SET maxmemory -1", f"{FAILED} 'maxmemory') - argument must be a memory value"),
    ("CONFIG SET maxmemory 1 maxmemory 2", f"{FAILED} 'maxmemory') - duplicate parameter"),
    (
        "CONFIG SET maxmemory-policy lur",
        f"{FAILED} 'maxmemory-policy') - argument(s) must be one of the following: {POLICIES}",
    ),
    ("foo a b", "ERR unknown command 'foo', with args beginning with: 'a' 'b' "),
    ("GET", "ERR wrong number of arguments for 'get' command"),
    ("GET a b", "ERR wrong number of arguments for 'get' command"),
]


@pytest.mark.parametrize(("line", "error"), ERRORS)
def test_an_error_has_the_words_of_redis(line, error):
    """A command refused says why, and no setting changes."""
    engine = build()

    with pytest.raises(CommandError) as caught:
        run(engine, line)
    assert error == str(caught.value)
    assert (64 * MIB, "allkeys-lru") == (engine.maxmemory, engine.policy_name)


def test_an_unknown_command_shows_128_characters_at_most():
    """Of the name and of the arguments together each."""
    with pytest.raises(CommandError) as caught:
        build().execute(("n" * 200, "a" * 200, "b"))

    assert f"ERR unknown command '{'n' * 128}', with args beginning with: '{'a' * 128}' " == str(
        caught.value
    )


def test_a_limit_of_zero_is_no_limit():
    """CONFIG SET maxmemory 0 lets memory grow."""
    engine = build(memory=MIB, policy="noeviction")
    run(engine, "CONFIG SET maxmemory 0")
    for number in range(20):
        engine.set(f"k{number}", b"x" * 100_000)

    assert engine.memory > 2 * MIB
    assert 20 == len(engine)


def test_info_tells_memory_and_counts():
    """The same figures as the engine's own."""
    engine = build()
    engine.set("a", b"1")
    engine.get("a")
    engine.get("b")
    lines = run(engine, "INFO").decode().split("\r\n")

    assert f"used_memory:{engine.memory}" in lines
    assert {"keyspace_hits:1", "keyspace_misses:1", "evicted_keys:0"} <= set(lines)
    assert ["# Memory", "# Stats"] == [x for x in lines if x in ("# Stats", "# Memory")]
    assert b"# CPU\r\nused_cpu_sys:0.000000\r\n" in run(engine, "INFO")
    assert b"# Commandstats" not in run(engine, "INFO default")
    assert b"cmdstat_info:calls=4," in run(engine, "INFO all")


def test_a_command_of_subcommands_does_nothing_itself():
    """Without one the number of arguments is wrong."""
    with pytest.raises(CommandError, match="wrong number of arguments for 'object' command"):
        container("OBJECT").function(build())
