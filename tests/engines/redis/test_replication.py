"""A primary's log and a replica that executes it: by hand, and by random commands of every kind."""

import pytest

from cachesim.engines.base import EVICTED, EXPIRED
from cachesim.engines.redis.replication import READONLY
from cachesim.errors import CommandError
from cachesim.rng import uniform
from cachesim.units import KIB
from tests.engines.redis.replicas import commands, content, pair, replay

START_MS = 1_577_836_800_000
PING = ("PING",)


def test_five_commands_by_hand():
    """A date for a time, nothing for what changes nothing, DEL for what expired; offsets in bytes."""
    clock, primary, replica = pair()

    primary.set("a", b"one")
    primary.execute(("SET", "b", "two", "EX", 1))
    primary.execute(("DEL", "nobody"))
    clock.advance(1.5)
    primary.get("b")
    primary.execute(("INCRBYFLOAT", "f", "0.5"))

    assert commands(primary) == [
        "SELECT 0",
        "SET a one",
        f"SET b two PXAT {START_MS + 1000}",
        "DEL b",
        "SET f 0.5 KEEPTTL",
    ]
    assert [e.time for e in primary.log.entries] == [0, 0, 0, 1.1, 1.5]  # the cron's tick at 1.1 s
    assert [e.offset for e in primary.log.entries] == [23, 52, 111, 131, 173]
    replay(primary, replica)
    assert (
        content(replica)
        == content(primary)
        == {
            (0, "a"): (b"one", None),
            (0, "f"): (b"0.5", None),
        }
    )
    assert replica.applied == replica.offset == 173


def test_a_dead_key_at_a_replica_waits_for_its_del():
    """It answers nil, EXISTS 0 and PTTL -2, but DBSIZE counts it (redis 7: db.c, expireIfNeeded)."""
    clock, primary, replica = pair()
    primary.set("a", b"1", ttl=1)
    replay(primary, replica)
    clock.advance(5)

    asked = [replica.execute((name, "a")) for name in ("GET", "EXISTS", "PTTL", "TYPE")]
    assert asked == [None, 0, -2, "none"]
    assert replica.get("a") is None
    assert replica.why_missed("a") == EXPIRED
    assert replica.execute(("SCAN", 0)) == [b"0", []]
    assert (len(replica), replica.execute(("DBSIZE",)), replica.expirations) == (1, 1, 0)
    assert replica.execute(("RANDOMKEY",)) == b"a"  # after a hundred tries

    primary.tick()
    replay(primary, replica)
    assert len(replica) == 0
    assert replica.why_missed("a") == EXPIRED


def test_a_replica_refuses_writes():
    """The text is the server's, and the refusal is counted."""
    _, primary, replica = pair()
    primary.set("a", b"1")
    replay(primary, replica)

    for refused in (
        lambda: replica.execute(("SET", "a", "2")),
        lambda: replica.set("a", b"2"),
        lambda: replica.delete("a"),
        lambda: replica.run([b"getex", b"a"]),
    ):
        with pytest.raises(CommandError, match=READONLY):
            refused()
    assert replica.get("a") == b"1"
    assert replica.tally.errors["READONLY"] == 4


def test_a_primary_that_may_not_write_says_why():
    """`refusal` is asked before each write of a client; reads go on."""
    _, primary, _ = pair()
    primary.refusal = lambda: "NOREPLICAS Not enough good replicas to write."

    with pytest.raises(CommandError, match="NOREPLICAS"):
        primary.set("a", b"1")
    assert primary.get("a") is None
    assert commands(primary) == []


def test_evicted_keys_are_deleted_at_the_replica():
    """Each is a DEL; the replica itself keeps what it has, above its limit too."""
    _, primary, replica = pair(memory=100 * KIB)
    for n in range(200):
        primary.set(f"key:{n}", b"x" * 500)
    replay(primary, replica)
    held = len(replica)

    assert primary.evictions > 100
    assert [e.why for e in primary.log.entries].count(EVICTED) == primary.evictions
    assert content(replica) == content(primary)
    assert replica.evictions == 0
    replica.limit_memory(80 * KIB)
    replica.get("key:199")
    assert len(replica) == held


def test_a_promoted_replica_goes_on():
    """Its offset goes on with another id, and it expires and evicts."""
    clock, primary, replica = pair(memory=100 * KIB)
    primary.set("a", b"1", ttl=1)
    replay(primary, replica)
    before = replica.offset
    primary.set("lost", b"1")

    replica.promote()
    clock.advance(2)

    assert [e.command for e in primary.log.after(before)] == [("SET", "lost", b"1")]
    assert replica.log.previous == primary.log.identity != replica.log.identity
    assert replica.get("a") is None
    assert len(replica) == 0
    assert commands(replica, since=2) == ["SELECT 0", "DEL a"]
    assert replica.offset == before + 23 + 20
    for n in range(200):
        replica.set(f"key:{n}", b"x" * 500)
    assert replica.evictions > 100
    assert replica.log.continues(primary.log.identity, before)
    assert not replica.log.continues(primary.log.identity, before + 27)  # it has the lost write


def test_a_full_resync_copies_everything():
    """All types, TTLs and databases, and the bits of use that a dump has."""
    clock, primary, _ = pair()
    primary.execute(("HSET", "h", *(f"f{n}" for n in range(2000))))
    primary.execute(("SET", "a", "1", "EX", "100"))
    clock.advance(50)
    primary.execute(("SELECT", 3))
    primary.set("b", b"2")

    replica = primary.copy(clock, uniform(1, "another"))

    assert content(replica) == content(primary)
    assert replica.offset == primary.offset
    assert replica.execute(("OBJECT", "IDLETIME", "a")) == 50
    replica.execute(("HGET", "h", "f0"))
    assert replica.databases[0].table.entries["h"].value.db is replica
    primary.execute(("HSET", "h", "new", "1"))
    assert content(replica) != content(primary)


def test_a_restart_begins_another_history():
    """Nobody may go on from the old one, and nothing is written: the data are gone."""
    _, primary, replica = pair()
    primary.set("a", b"1")
    old = primary.log.identity
    primary.restart()

    assert (len(primary), primary.offset, len(primary.log)) == (0, 0, 0)
    assert not primary.log.continues(old, replica.offset)
    primary.flush()
    assert commands(primary) == ["SELECT 0", "FLUSHALL"]


def test_a_ping_every_ten_seconds():
    """It counts in the offset, as on the server."""
    clock, primary, replica = pair()
    clock.advance(30.5)
    primary.tick()

    assert [(e.time, e.command) for e in primary.log.entries] == [
        (10, PING),
        (20, PING),
        (30, PING),
    ]
    replay(primary, replica)
    assert replica.applied == 42


def test_it_does_not_matter_who_looks_at_the_clock():
    """Ticks run at their own times, so a look in between changes nothing."""

    def run(looks):
        clock, primary, _ = pair(memory=200 * KIB)
        for n in range(300):
            primary.set(f"k{n}", b"x" * 300, ttl=1 + n % 7)
        for _ in range(looks):
            clock.advance(20 / looks)
            primary.upkeep(clock())
        primary.set("last", b"1")
        return list(primary.log.entries), primary.memory

    assert run(1) == run(64)
