"""CONFIG: reading and setting the parameters."""

from pathlib import Path

import pytest

import cachesim
from cachesim.clock import ManualClock
from cachesim.engines.redis.config import configure
from cachesim.engines.redis.engine import Redis, RedisEngine
from cachesim.engines.redis.parameters import parameters
from cachesim.errors import BadInput, CommandError
from cachesim.rng import uniform


def build() -> RedisEngine:
    return Redis(policy="allkeys-lru").build(ManualClock(), uniform(1, "config"))


def run(engine: RedisEngine, line: str):
    try:
        return engine.execute(tuple(part.strip("'") for part in line.split(" ")))
    except CommandError as error:
        return f"-{error}"


SCRIPTS = [
    [
        ("CONFIG GET hz", {b"hz": b"10"}),
        ("CONFIG GET HZ LFU-*", {b"HZ": b"10", b"lfu-decay-time": b"1", b"lfu-log-factor": b"10"}),
        ("CONFIG SET hz 1000", "OK"),
        ("CONFIG GET hz", {b"hz": b"500"}),
        ("CONFIG SET hz 0", "OK"),
        ("CONFIG GET hz", {b"hz": b"1"}),
        (
            "CONFIG SET hz 10 HZ 20",
            ("-ERR CONFIG SET failed (possibly related to argument 'HZ') - duplicate parameter"),
        ),
        ("CONFIG SET hz 10", "OK"),
    ],
    [
        ("CONFIG SET lfu-decay-time 3 lfu-log-factor 7", "OK"),
        ("CONFIG GET lfu*", {b"lfu-decay-time": b"3", b"lfu-log-factor": b"7"}),
        (
            "CONFIG SET lfu-decay-time 1 lfu-log-factor -1",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'lfu-log-factor') - ar"
                "gument must be between 0 and 2147483647 inclusive"
            ),
        ),
        ("CONFIG GET lfu-decay-time", {b"lfu-decay-time": b"3"}),
        ("CONFIG SET lfu-decay-time 1 lfu-log-factor 10", "OK"),
    ],
    [
        (
            "CONFIG SET hz x",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'hz') - argument could"
                "n't be parsed into an integer"
            ),
        ),
        (
            "CONFIG SET databases 3",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't s"
                "et immutable config"
            ),
        ),
        (
            "CONFIG SET databases 3 nope 1",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't s"
                "et immutable config"
            ),
        ),
        (
            "CONFIG SET nope 1 databases 3",
            "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'",
        ),
        (
            "CONFIG SET lazyfree-lazy-expire maybe",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'lazyfree-lazy-expire'"
                ") - argument must be 'yes' or 'no'"
            ),
        ),
        ("CONFIG SET lazyfree-lazy-expire YES", "OK"),
        ("CONFIG GET lazyfree-lazy-expire", {b"lazyfree-lazy-expire": b"yes"}),
        ("CONFIG SET lazyfree-lazy-expire no", "OK"),
    ],
    [
        ("CONFIG SET maxmemory-samples 3", "OK"),
        ("CONFIG GET maxmemory-samples", {b"maxmemory-samples": b"3"}),
        (
            "CONFIG SET maxmemory-samples 0",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-samples') -"
                " argument must be between 1 and 2147483647 inclusive"
            ),
        ),
        ("CONFIG SET maxmemory-samples 5", "OK"),
        (
            "CONFIG SET active-expire-effort 11",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'active-expire-effort'"
                ") - argument must be between 1 and 10 inclusive"
            ),
        ),
        (
            "CONFIG SET timeout -1",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'timeout') - argument "
                "must be between 0 and 2147483647 inclusive"
            ),
        ),
        ("CONFIG SET timeout 7", "OK"),
        ("CONFIG GET timeout", {b"timeout": b"7"}),
        ("CONFIG SET timeout 0", "OK"),
    ],
    [
        ("CONFIG SET hash-max-ziplist-entries 3 hash-max-listpack-value 5kb", "OK"),
        (
            "CONFIG GET hash-max-listpack-*",
            {b"hash-max-listpack-entries": b"3", b"hash-max-listpack-value": b"5120"},
        ),
        ("CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 64", "OK"),
        (
            "CONFIG SET hash-max-listpack-value x",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-val"
                "ue') - argument must be a memory value"
            ),
        ),
        (
            "CONFIG SET proto-max-bulk-len 1",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'proto-max-bulk-len') "
                "- argument must be between 1048576 and 9223372036854775807 inclusive"
            ),
        ),
        (
            "CONFIG SET hash-max-listpack-entries -1",
            (
                "-ERR CONFIG SET failed (possibly related to argument 'hash-max-listpack-ent"
                "ries') - argument must be between 0 and 9223372036854775807 inclusive"
            ),
        ),
        ("CONFIG SET hash-max-listpack-entries 1 hash-max-ziplist-entries 2", "OK"),
    ],
    [
        ("CONFIG SET save x y", "-ERR syntax error"),
        ("CONFIG REWRITE", "-ERR The server is running without a config file"),
        ("CONFIG RESETSTAT", "OK"),
        ("CONFIG FOO", "-ERR unknown subcommand 'FOO'. Try CONFIG HELP."),
        ("CONFIG SET hz", "-ERR wrong number of arguments for 'config|set' command"),
        ("CONFIG SET hz 1 2", "-ERR syntax error"),
        (
            "CONFIG HELP",
            [
                "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "GET <pattern>",
                "    Return parameters matching the glob-like <pattern> and their values.",
                "SET <directive> <value>",
                "    Set the configuration <directive> to <value>.",
                "RESETSTAT",
                "    Reset statistics reported by the INFO command.",
                "REWRITE",
                "    Rewrite the configuration file.",
                "HELP",
                "    Prints this help.",
            ],
        ),
    ],
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_a_script_gets_the_replies_of_redis(script):
    """Each reply, errors after a "-", is what a redis-server 7.0.15 gave."""
    engine = build()

    assert [reply for _, reply in script] == [run(engine, line) for line, _ in script]


def test_a_parameter_without_effect_takes_its_own_value_only():
    """What the engine cannot do is refused; the value that it has is accepted."""
    sorry = "-ERR CONFIG SET failed (possibly related to argument '%s') - cachesim can only have '%s' here"
    rows = [
        ("CONFIG SET appendonly no", "OK"),
        ("CONFIG SET appendonly yes", sorry % ("appendonly", "no")),
        ("CONFIG SET slave-read-only no", sorry % ("slave-read-only", "yes")),
        ("CONFIG SET hz 20 bind 1.2.3.4", sorry % ("bind", "* -::*")),
        ("CONFIG GET hz", {b"hz": b"10"}),
        (
            "CONFIG SET dir /tmp",
            "-ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
        ),
        ("CONFIG SET lua-time-limit 7", "OK"),
        ("CONFIG GET busy-reply-threshold", {b"busy-reply-threshold": b"7"}),
    ]
    engine = build()

    assert [reply for _, reply in rows] == [run(engine, line) for line, _ in rows]


def test_a_server_starts_with_settings_of_its_own():
    """Parameters that only a server at its start can take are set by `configure`."""
    engine = build()
    configure(engine, [("unixsocket", "/tmp/x"), ("enable-protected-configs", "yes"), ("hz", "20")])

    assert b"/tmp/x" == run(engine, "CONFIG GET unixsocket")[b"unixsocket"]
    assert "OK" == run(engine, "CONFIG SET dbfilename x.rdb")
    assert 20 == engine.hz
    with pytest.raises(BadInput, match='there is no parameter "nope"; CONFIG GET'):
        configure(engine, [("nope", "1")])
    with pytest.raises(BadInput, match=r'hz "x": argument could.* be parsed into an integer'):
        configure(engine, [("hz", "x")])


def test_every_parameter_that_works_is_looked_up_somewhere():
    """A row says "works" only if the engine has it, or the code asks for it by its name."""
    package = Path(cachesim.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    works = {row.name for row in parameters().values() if row.effect.startswith("works")}

    assert set() == {name for name in works if f'"{name}"' not in code}
