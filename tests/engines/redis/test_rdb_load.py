"""Loading an RDB file: what we write comes back; a damaged file loads nothing; DUMP and RESTORE."""

from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import load
from cachesim.engines.redis.rdb_parts import crc64
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.rng import uniform
from tests.engines.redis.questions import shown, value_of
from tests.engines.redis.random_commands import random_command


def build(policy="noeviction"):
    return Redis(policy=policy).build(ManualClock(), uniform(1, "draws"))


def filled(policy="noeviction", commands=3000):
    """An engine after random commands of every kind."""
    engine, draw = build(policy), Random(policy)
    for _ in range(commands):
        command = random_command(draw)
        if str(command[0]).upper() in ("CONFIG", "FLUSHALL", "FLUSHDB"):
            continue
        try:
            engine.execute(command)
        except (CommandError, OutOfMemory):
            continue
    engine.execute(("SELECT", 0))
    engine.execute(("DEL", *engine.keys()))
    for number, name in enumerate(("SET", "HSET", "RPUSH", "SADD", "ZADD", "XADD") * 5):
        if name == "ZADD":
            engine.execute((name, number, 1.5, "x", 2, "y"))
        elif name == "XADD":
            engine.execute((name, number, "5-*", "x", "y"))
        else:
            engine.execute((name, number, "x", *(["y"] if name == "HSET" else [])))
    return engine


def values(engine):
    """Every key with its type, TTL and value. A server may store a value in another form after a restart."""
    found = {}
    for index in list(engine.databases):
        engine.execute(("SELECT", index))
        for key in list(engine.keys()):
            kind = engine.execute(("TYPE", key))
            value = value_of(lambda *command: engine.execute(command), kind, key)
            found[index, key] = kind, engine.execute(("PEXPIRETIME", key)), value
    engine.execute(("SELECT", 0))
    return found


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "allkeys-lfu"])
def test_what_is_written_comes_back(policy):
    """Every key, value, TTL, encoding and size, and the bits of use; of all types."""
    engine, other = filled(policy), build(policy)
    count = load(other, dump(engine))

    assert 10 < count == len(other) == len(engine)
    assert values(engine) == values(other)
    assert {"string", "hash", "list", "set", "zset", "stream"} == {
        kind for kind, *_ in values(other).values()
    }
    engine, other = filled(policy), build(policy)
    load(other, dump(engine))
    uses = [
        [entry.lru for _, entry in sorted(database.table.entries.items())]
        for engine in (engine, other)
        for _, database in sorted(engine.databases.items())
        if database.table.entries
    ]
    half = len(uses) // 2
    assert policy == "noeviction" or uses[:half] == uses[half:]


def test_a_dead_key_is_left_out():
    """The file has it; the engine that loads does not take it."""
    engine, other = build(), build()
    engine.execute(("SET", "a", 1, "PX", 100))
    engine.execute(("SET", "b", 2, "PX", 5000))
    file = dump(engine)
    other.clock.advance(1.0)
    other.tick()

    assert 1 == load(other, file)
    assert 4000 == other.execute(("PTTL", "b"))


def test_a_damaged_file_loads_nothing():
    """Cut off at any byte, or with one byte changed: one sentence, and an engine as it was."""
    file = dump(filled(commands=400))
    engine = build()
    engine.execute(("SET", "mine", 1))
    draw = Random(1)
    damaged = [file[:size] for size in range(0, len(file), 7)]
    for _ in range(300):
        at = draw.randrange(len(file) - 8)
        damaged.append(file[:at] + bytes([file[at] ^ 1 << draw.randrange(8)]) + file[at + 1 :])
    for each in damaged:
        with pytest.raises(BadInput, match="RDB"):
            load(engine, each)
    assert ["mine"] == list(engine.keys())


def test_a_damaged_file_without_a_checksum_loads_nothing_either():
    """What is wrong is found while it is read, before the first key is stored."""
    whole = dump(filled(commands=400), checksum=False)
    engine = build()
    for size in range(9, len(whole) - 8, 5):
        with pytest.raises(BadInput):
            load(engine, whole[:size] + bytes(8))
    assert not len(engine)


def test_the_checksum_is_that_of_the_server():
    """The golden value of its source (redis 7: crc64.c)."""
    assert 0xE9C6D914C4B8D9CA == crc64(b"123456789")


def test_dump_and_restore():
    """A value of every type comes back under another name; a bad payload is refused."""
    engine = filled()
    for key in list(engine.keys()):
        payload = engine.execute(("DUMP", key))
        assert "OK" == engine.execute(("RESTORE", "copy", 0, payload, "REPLACE"))
        entries = engine.table.entries
        assert shown(entries[key].value) == shown(entries["copy"].value)
    for bad, error in (
        (("copy", 0, payload), "BUSYKEY"),
        (("x", -1, payload), "Invalid TTL"),
        (("x", 0, payload[:-1] + b"!"), "payload version or checksum"),
        (("x", 0, payload, "FREQ", 256), "Invalid FREQ"),
        (("x", 0, payload, "IDLETIME"), "syntax"),
    ):
        with pytest.raises(CommandError, match=error):
            engine.execute(("RESTORE", *bad))
