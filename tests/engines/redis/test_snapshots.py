"""Snapshots by hand: SAVE and BGSAVE, the save points, what a restart loads, and files that were cut off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachesim.clock import ManualClock
from cachesim.engines.base import START
from cachesim.engines.redis import persistence
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.persistence import Disk, Nowhere
from cachesim.engines.redis.rdb import dump
from cachesim.engines.redis.rdb_load import load
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.snapshots import MISCONF, USUAL, Snapshots, read_points
from cachesim.engines.redis.watched import LoneEngine
from cachesim.errors import BadInput, CommandError

FILLED = (
    "SET a one", "SET b 12345 PX 60000", "RPUSH l x 1 y", "SADD numbers 1 2 3", "SADD words x y",
    "ZADD z 1.5 x inf y", "HSET h f 1 g two", "SELECT 3", "SET c 7",
)  # fmt: skip


class SlowDisk(Disk):
    """Writes in the background until the test says that it is done."""

    def begin(self, db):
        self.pending = persistence.snapshot_of(db)

    def done(self, db, is_ok=True):
        if is_ok:
            self.files[db.snapshots.name] = self.pending
        persistence.ended(db, is_ok, copied=4096)


def build(*lines, kind=LoneEngine, disk=None, points="", **fields):
    engine = kind(Redis(**fields), ManualClock(), lambda: 0.5)
    persistence.keep_in(engine, disk or Disk(), read_points(points))
    for line in lines:
        engine.execute(tuple(line.split()))
    return engine


def facts(engine):
    lines = engine.execute(("INFO", "persistence")).decode().split("\r\n")
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    return {
        name: found[f"rdb_{name}"]
        for name in ("changes_since_last_save", "saves", "last_save_time")
    }


def error(engine, *command):
    with pytest.raises(CommandError) as caught:
        engine.execute(command)
    return str(caught.value)


@pytest.mark.parametrize("kind", [LoneEngine, ReplicatedEngine])
def test_save_and_lastsave(kind):
    """The file has all keys; the changes count from 0 again; LASTSAVE is the time."""
    engine = build("MSET a 1 b 2", "SET c 3", kind=kind)
    engine.set("d", b"4")
    engine.delete("a")
    engine.clock.advance(7)

    assert {"changes_since_last_save": "5", "saves": "0", "last_save_time": str(START)} == facts(
        engine
    )
    assert "OK" == engine.execute(("SAVE",))
    assert {
        "changes_since_last_save": "0",
        "saves": "1",
        "last_save_time": str(START + 7),
    } == facts(engine)
    assert START + 7 == engine.execute(("LASTSAVE",))
    assert dump(engine) == engine.disk.files["dump.rdb"]


def test_bgsave_writes_the_state_of_its_start():
    """What changes meanwhile is not in the file, and is counted for the next one."""
    disk = SlowDisk()
    engine = build("SET a 1", disk=disk)

    assert "Background saving started" == engine.execute(("BGSAVE",))
    engine.execute(("SET", "b", "2"))
    for command in ("BGSAVE", "SAVE"):
        assert "ERR Background save already in progress" == error(engine, command)
    disk.done(engine)
    other = build()
    assert 1 == load(other, disk.files["dump.rdb"])
    assert "1" == facts(engine)["changes_since_last_save"]
    assert b"rdb_last_cow_size:4096" in engine.execute(("INFO", "persistence"))


def test_errors_of_the_commands():
    """Without an append-only file none is rewritten; BGSAVE takes one word."""
    engine = build()

    assert persistence.NO_AOF == error(engine, "BGREWRITEAOF")
    assert "ERR syntax error" == error(engine, "BGSAVE", "LATER")
    assert "Background saving started" == engine.execute(("BGSAVE", "schedule"))


def test_save_points():
    """60 s and 3 changes: a snapshot begins at the first tick more than 60 s after the last one."""
    engine = build("MSET a 1 b 2", points="60 3")
    engine.clock.advance(100)
    engine.tick()
    assert {} == engine.disk.files
    engine.execute(("SET", "c", "3"))
    engine.clock.advance(0.1)
    engine.tick()
    assert 3 == load(build(), engine.disk.files["dump.rdb"])
    engine.execute(("MSET", "a", "1", "b", "2", "c", "3"))
    for seconds, saves in ((59, "1"), (1, "1"), (1, "2")):
        engine.clock.advance(seconds)
        engine.tick()
        assert saves == facts(engine)["saves"]


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 20)), max_size=3), st.integers(0, 30))
def test_a_snapshot_is_due_when_one_point_is_reached(points, changes):
    """All of `changes` and more than `seconds`: tried for every second."""
    books = Snapshots(now=0)
    books.points, books.changes = tuple(points), changes
    first = min((seconds + 1 for seconds, n in points if changes >= n), default=None)

    assert first == next((now for now in range(200) if books.is_due(now)), None)


def test_a_failed_snapshot_stops_writes():
    """MISCONF for writes and PING, not for reads; the next try comes 6 s later; success ends it."""
    disk = SlowDisk()
    engine = build("SET a 1", disk=disk, points="1 1")
    engine.clock.advance(2.1)
    engine.tick()
    disk.done(engine, is_ok=False)
    assert [MISCONF] * 2 == [error(engine, *c) for c in (("SET", "a", "2"), ("PING",))]
    assert b"1" == engine.execute(("GET", "a"))
    engine.execute(("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"))
    assert "OK" == engine.execute(("SET", "a", "2"))
    engine.clock.advance(5)
    engine.tick()
    assert "1" == facts(engine)["saves"]
    engine.clock.advance(1)
    engine.tick()
    engine.execute(("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes"))
    disk.done(engine)
    assert "PONG" == engine.execute(("PING",))


def test_without_a_folder_nothing_is_kept():
    """One sentence says what to do; the engine goes on."""
    engine = build("SET a 1", disk=Nowhere())

    for command in ("SAVE", "BGSAVE"):
        assert error(engine, command).endswith("start the server with --dir FOLDER")
    assert b"1" == engine.execute(("GET", "a"))


@pytest.mark.parametrize("value", ["x", "60", "0 1", "60 -1", "1.5 1"])
def test_bad_save_points(value):
    """The server's sentence."""
    assert error(build(), "CONFIG", "SET", "save", value).endswith("Invalid save parameters")


def test_settings():
    """`save` is shown as it was given; where the file is, no client can change."""
    engine = build(points=USUAL)

    assert {b"save": USUAL.encode()} == engine.execute(("CONFIG", "GET", "save"))
    assert "can't set protected config" in error(engine, "CONFIG", "SET", "dir", "/tmp")
    assert "can't set immutable config" in error(engine, "CONFIG", "SET", "rdbchecksum", "no")
    engine.execute(("CONFIG", "SET", "save", ""))
    assert () == engine.snapshots.points


@pytest.mark.parametrize("checksum", [True, False])
def test_a_file_that_was_cut_loads_nothing(checksum):
    """Every length: either the whole file, or a sentence and no key."""
    whole = dump(build(*FILLED), checksum=checksum)
    for size in range(len(whole)):
        engine = build()
        with pytest.raises(BadInput):
            load(engine, whole[:size])
        assert 0 == len(engine), size
    assert 8 == load(build(), whole)


def test_a_damaged_byte_is_found():
    """Each byte in turn: the checksum is wrong, or the beginning is."""
    whole = dump(build(*FILLED))
    for at in range(len(whole)):
        damaged = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(BadInput):
            load(build(), damaged)
