"""A real redis-server loads our file: every value, TTL, encoding and use is equal."""

import subprocess
import time
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.errors import CommandError, OutOfMemory
from cachesim.rng import uniform
from tests.engines.redis.questions import value_of
from tests.engines.redis.random_commands import random_command
from tests.patience import PATIENCE
from tests.wire.real import RealRedis, needed

LEFT_OUT = {"FLUSHALL", "FLUSHDB", "SELECT", "SWAPDB"}  # they would undo what came before
PAUSE = 1000  # seconds between the databases
HOUR = 3_600_000  # milliseconds


def filled(policy):
    """An engine after 4,000 random commands in three databases, and with some large and odd keys."""
    clock = ManualClock(time.time() - START - 3 * (PAUSE + 13))
    engine = Redis(policy=policy).build(clock, uniform(1, "draws"))
    draw = Random(policy)
    for database in (0, 1, 9):
        engine.execute(("SELECT", database))
        for _ in range(1300):
            command = random_command(draw)
            try:
                engine.execute(("PING",) if command[0].upper() in LEFT_OUT else command)
            except (CommandError, OutOfMemory):
                continue
            engine.clock.advance(0.01)
        engine.execute(("SET", b"\xff\x00odd", b"\r\n" * 9000))
        engine.execute(
            ("HSET", "large", *(part for n in range(600) for part in (f"f{n}", "v" * n)))
        )
        engine.execute(("MSET", *(part for n in range(200) for part in (f"key {n}", n))))
        engine.execute(("SET", "later", "x", "PX", HOUR + 1))
        clock.advance(PAUSE)
        for key in engine.execute(("KEYS", "*")):
            if 0 <= engine.execute(("PTTL", key)) < HOUR:  # it could end while the test runs
                engine.execute(("PEXPIRE", key, HOUR + len(key)))
    return engine


def state(ask, database):
    """Every key of a database: type, encoding, TTL and value."""
    ask("SELECT", database)
    found = {}
    for key in ask("KEYS", "*"):
        kind = ask("TYPE", key)
        kind = kind.decode() if isinstance(kind, bytes) else kind
        value = value_of(ask, kind, key)
        found[key] = (kind, ask("OBJECT", "ENCODING", key), ask("PEXPIRETIME", key), value)
    return found


def without_encodings(states):
    """A server that loads a file may pack digits and small values again, whatever they were before."""
    return {key: (kind, *rest) for key, (kind, _, *rest) in states.items()}


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "allkeys-lfu"])
def test_a_real_server_loads_the_file(tmp_path, policy):
    """Three databases; how often or long ago a key was used comes along."""
    engine = filled(policy)
    path = tmp_path / "ours.rdb"
    path.write_bytes(dump(engine))
    needed("redis-check-rdb")
    checked = subprocess.run(
        ["redis-check-rdb", path], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert "Checksum OK" in checked.stdout
    assert "\\o/ RDB looks OK! \\o/" in checked.stdout

    limits = ("--maxmemory", "1gb", "--maxmemory-policy", policy)
    real = RealRedis(tmp_path, "--dbfilename", path.name, *limits)
    try:
        for database in (0, 1, 9):
            compare_use(engine, real, database, policy)
            ours = state(lambda *argv: engine.execute(argv), database)
            assert len(ours) > 200
            assert without_encodings(ours) == without_encodings(state(real.ask, database))
    finally:
        real.close()


def compare_use(engine, real, database, policy):
    """The counters are equal; idle times too, but for the seconds since the file was written."""
    question = "FREQ" if policy == "allkeys-lfu" else "IDLETIME"
    engine.execute(("SELECT", database))
    real.ask("SELECT", database)
    for key in engine.execute(("KEYS", "*")) if policy != "noeviction" else ():
        ours, theirs = engine.execute(("OBJECT", question, key)), real.ask("OBJECT", question, key)
        since = time.time() - START - engine.clock() + 2 if question == "IDLETIME" else 0
        assert ours <= theirs <= ours + since, key


def test_a_file_without_a_checksum(tmp_path):
    """The server takes it as one of `rdbchecksum no`; a wrong checksum it refuses."""
    engine = Redis().build(ManualClock(time.time() - START), lambda: 0.5)
    engine.set("a", b"1")
    (tmp_path / "ours.rdb").write_bytes(dump(engine, checksum=False))
    real = RealRedis(tmp_path, "--dbfilename", "ours.rdb")
    assert real.ask("GET", "a") == b"1"
    real.close()
    (tmp_path / "ours.rdb").write_bytes(dump(engine)[:-1] + b"\x00")
    with pytest.raises(AssertionError, match="ended"):
        RealRedis(tmp_path, "--dbfilename", "ours.rdb")
