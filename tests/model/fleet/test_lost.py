"""What is lost, by hand: a replica has the first entries of a log, and the rule looks at the others."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.model.fleet.lost import all_held, judged, lost_in
from cachesim.records import LOST, Value

V = [Value.stamp(write, 20) for write in range(9)]


def nodes():
    clock = ManualClock()
    primary, replica = (ReplicatedEngine(Redis(), clock, lambda: 0.5) for _ in range(2))
    return clock, primary, replica


def lost(arrived, missing):
    """Run commands at a primary, of which a replica gets the first ones; give keys and writes of what is lost."""
    clock, primary, replica = nodes()
    replica.follow(primary)
    for command in arrived:
        primary.execute(command)
    for entry in primary.log.entries:
        replica.apply(entry, clock())
    for command in missing:
        primary.execute(command)
    missed = primary.log.after(replica.applied)
    replica.promote()
    return [(each.key, each.write) for each in lost_in(missed, "node-0", replica)]


def test_five_entries():
    """Two sets are gone, one was sent twice, one deletion changes nothing there, and a sum is gone."""
    arrived = [("SET", "a", V[1]), ("SET", "b", V[2])]
    missing = [
        ("SET", "a", V[3]),
        ("SET", "b", V[2]),
        ("SET", "c", V[4]),
        ("DEL", "c"),
        ("INCR", "n"),
    ]

    assert [("a", 3), ("c", 4), ("n", None)] == lost(arrived, missing)


@pytest.mark.parametrize(
    ("arrived", "missing", "named"),
    [
        ([], [("MSET", "a", V[1], "b", V[2])], [("a", 1), ("b", 2)]),
        ([("SET", "b", V[2])], [("mset", "a", V[1], "b", V[2])], [("a", 1)]),
        ([("MSET", "a", "1", "b", "2")], [("DEL", "a", "b", "c")], [("a", None), ("b", None)]),
        ([("SET", "b", "2")], [("SET", "a", "1"), ("UNLINK", "a", "b")], [("a", None), ("b", None)]),
        ([], [("SET", "a", V[1], "EX", 10)], [("a", 1)]),
        ([], [("SETEX", "a", 10, V[1])], [("a", 1)]),
        ([("SET", "a", V[1])], [("EXPIRE", "a", 10)], [("a", None)]),
        ([("SET", "a", "token")], [("SET", "a", "token")], []),
        ([("SET", "a", "1")], [("RENAME", "a", "b")], [("a", None), ("b", None)]),
        ([("SET", "a", "1")], [("COPY", "a", "b")], [("b", None)]),
        ([("SET", "a", "1")], [("BITOP", "NOT", "b", "a")], [("b", None)]),
        ([], [("HSET", "a", "field", V[1])], [("a", 1)]),
        ([("HSET", "a", "field", V[1])], [("HSET", "a", "field", V[1])], []),
        ([("HSET", "a", "field", V[1])], [("HSET", "a", "field", V[2])], [("a", 2)]),
        ([("SET", "a", "1")], [("FLUSHALL", "ASYNC")], [(None, None)]),
        ([("SET", "a", "1")], [("GETDEL", "a")], [("a", None)]),
        ([], [("SET", "a", "1"), ("FLUSHALL",)], [("a", None)]),
        ([("SET", "a", V[1])], [("SELECT", 1), ("SET", "a", V[1])], [("a", 1)]),
        ([("SELECT", 1), ("SET", "a", V[1])], [("SET", "a", V[1]), ("DEL", "a")], [("a", None)]),
        ([], [("SET", b"\xff", V[1])], [("\udcff", 1)]),
    ],
)  # fmt: skip
def test_every_key_that_a_command_changes(arrived, missing, named):
    """Not one that it only reads, and none whose value, or whose absence, is the same without it."""
    assert named == lost(arrived, missing)


def test_what_the_server_removes_is_no_write():
    """The DEL of a dead key is in the log, too."""
    clock, primary, replica = nodes()
    replica.follow(primary)
    primary.set("a", V[1], ttl=1)
    clock.advance(2)
    primary.get("a")
    missed = primary.log.entries

    assert ["a"] == [each.key for each in lost_in(missed, "node-0", replica)]
    assert 2 == sum("a" in entry.command for entry in missed)


def test_a_restart_takes_what_is_alive():
    """Of all databases; what was dead is no loss, though it was still in memory."""
    clock, primary, _ = nodes()
    primary.set("a", V[1])
    primary.set("dead", V[2], ttl=1)
    primary.set("alive", V[3], ttl=3)
    primary.execute(("HSET", "hash", "field", V[4]))
    primary.execute(("INCR", "n"))
    primary.execute(("SELECT", 1))
    primary.set("a", V[5])
    clock.advance(2)

    assert "dead" in primary.databases[0].table.entries
    assert [(2.0, "a", 1), (2.0, "alive", 3), (2.0, "hash", 4), (2.0, "n", None), (2.0, "a", 5)] == [
        each[:3] for each in all_held(primary, clock(), "node-0")
    ]  # fmt: skip


def test_what_a_loss_means():
    """The database has write 1 only; row 0 was there before the run. Every word is in the table."""
    clock, primary, _ = nodes()
    for write in (0, 1, 2):
        primary.set(f"k{write}", V[write])
    primary.execute(("INCR", "n"))
    found = judged(all_held(primary, clock(), "node-0"), {0: 0, 1: 1})

    assert ["copy", "copy", "only copy", "command"] == [each.what for each in found]
    assert set(LOST) == {each.what for each in found}
