"""Scripts with thousands of arguments: those of a real server work, or fail with its sentence."""

import pytest

from cachesim.engines.redis.engine import Redis
from cachesim.errors import CommandError

SCRIPTS = {
    "ARGV": "return #ARGV",
    "table": "return {ARGV[1], ARGV[#ARGV], table.concat(ARGV, ','):len()}",
    "unpack": "return #{unpack(ARGV)}",
    "call": "return redis.call('DEL', unpack(ARGV))",
    "half": "return redis.call('DEL', unpack(ARGV, 1, 5000))",
}


def run(server, *command):
    try:
        return server.execute(command)
    except CommandError as error:
        return str(error)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("count", [10, 1000, 1001, 7996, 8000, 20_000])
def test_as_at_a_real_server(redis, clock, name, count):
    """ARGV may be of any length; unpack gives fewer than 8,000 values."""
    pytest.importorskip("lupa")
    ours = Redis().build(clock, lambda: 0.5)
    asked = ("EVAL", SCRIPTS[name], 0, *range(count))
    assert run(redis, *asked) == run(ours, *asked)


def test_keys_and_functions(redis, clock):
    """KEYS may be as long, and so may the tables that a function gets."""
    pytest.importorskip("lupa")
    ours = Redis().build(clock, lambda: 0.5)
    code = "#!lua name=l\nredis.register_function('f', function(k, a) return {#k, #a, a[9000]} end)"
    for server in (redis, ours):
        server.execute(("FUNCTION", "LOAD", code))
    keys_only = ("EVAL", "return {#KEYS, #ARGV, KEYS[9000]}", 9000, *range(9000))
    both = ("FCALL", "f", 10_000, *range(20_000))

    assert run(redis, *keys_only) == run(ours, *keys_only) == [9000, 0, b"8999"]
    assert run(redis, *both) == run(ours, *both) == [10_000, 10_000, b"18999"]
