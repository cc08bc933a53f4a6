"""The set commands, by hand; the encodings of a set."""

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from tests.engines.redis.by_hand import WRONG, build, run


@pytest.fixture
def engine():
    return build()


SCRIPTS = [
    [
        ("SADD s 3 1 2 3", 3), ("SADD s 1", 0), ("SMEMBERS s", [b"1", b"2", b"3"]), ("SCARD s", 3),
        ("SISMEMBER s 2", 1), ("SMISMEMBER s 2 9", [1, 0]), ("SMISMEMBER none 2", [0]),
    ],
    [
        ("SADD s a b", 2), ("SREM s a c", 1), ("SREM s b", 1), ("EXISTS s", 0), ("SREM s b", 0),
        ("SMEMBERS s", []), ("SPOP s", None), ("SPOP s 2", []), ("SRANDMEMBER s", None),
    ],
    [
        ("SADD a 1 2 3", 3), ("SADD b 2 3 4", 3), ("SINTER a b", [b"2", b"3"]),
        ("SDIFF a b", [b"1"]),
        ("SUNION a none", [b"1", b"2", b"3"]), ("SINTERCARD 2 a b LIMIT 1", 1),
        ("SINTER a none", []),
        ("SUNIONSTORE c a b", 4), ("SMEMBERS c", [b"1", b"2", b"3", b"4"]), ("SDIFFSTORE c a a", 0),
        ("EXISTS c", 0),
    ],
    [
        ("SADD a x", 1), ("SMOVE a b x", 1), ("EXISTS a", 0), ("SMOVE a b x", 0),
        ("SMOVE b b x", 1),
        ("SPOP b 5", [b"x"]), ("EXISTS b", 0),
    ],
    [
        ("SADD s x", 1), ("SRANDMEMBER s", b"x"), ("SRANDMEMBER s -3", [b"x"] * 3),
        ("SRANDMEMBER s 3", [b"x"]),
        ("SSCAN s 0", [b"0", [b"x"]]), ("SPOP s", b"x"),
        ("SPOP s -1", "-ERR value is out of range, must be positive"),
    ],
    [
        ("SET t x", "OK"), ("SADD t a", WRONG), ("SADD s a", 1), ("SUNION s t", WRONG),
        ("TYPE s", "set"),
        ("SUNIONSTORE t s", 1), ("SMEMBERS t", [b"a"]),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(engine, script):
    """Members, sets together, moves, draws, and keys of another type."""
    for line, reply in script:
        assert reply == run(engine, line), line


@pytest.mark.parametrize(
    ("members", "encoding"),
    [(range(512), b"intset"), (range(513), b"hashtable"), ([1, "x"], b"hashtable"), ([2**63], b"hashtable"),
     ([-(2**63)], b"intset"), (["01"], b"hashtable")],
    ids=["512", "513", "text", "beyond 64 bits", "64 bits", "leading zero"],
)  # fmt: skip
def test_the_encoding(engine, members, encoding):
    """Up to 512 integers are an intset."""
    engine.execute(("SADD", "s", *members))
    assert encoding == run(engine, "OBJECT ENCODING s")


def test_an_encoding_that_grew_stays(engine):
    """A hash table does not become an intset again, nor does an intset become narrower."""
    engine.execute(("SADD", "s", 1, 2, "x"))
    run(engine, "SREM s x")
    assert b"hashtable" == run(engine, "OBJECT ENCODING s")
    engine.execute(("SADD", "wide", 1, 2, 3, 2**40))
    run(engine, "SREM wide 1099511627776")
    engine.execute(("SADD", "small", 1, 2, 3))
    wide, small = (run(engine, f"MEMORY USAGE {key}") for key in ("wide", "small"))
    assert wide - small >= 16


def test_pops_come_to_all_members(engine):
    """Whatever is drawn: each member once, and then the key is gone."""
    engine.execute(("SADD", "s", *range(5), "a", "b"))
    drawn = (
        [run(engine, "SPOP s") for _ in range(3)]
        + run(engine, "SPOP s 2")
        + run(engine, "SPOP s 9")
    )
    assert sorted(drawn) == [b"0", b"1", b"2", b"3", b"4", b"a", b"b"]
    assert 0 == run(engine, "EXISTS s")


@pytest.mark.parametrize(
    "command", ["SINTERSTORE k none", "ZUNIONSTORE k 1 none", "BITOP AND k none none"]
)
def test_an_empty_result_removes_even_a_dead_key(command):
    """It looks at no TTL: the key does not count as expired (redis 7: db.c, dbDelete)."""
    clock = ManualClock()
    engine = Redis().build(clock, lambda: 0.5)
    run(engine, "SET k v PX 50")
    clock.advance(0.06)  # dead, and no tick of the cron has come

    assert 0 == run(engine, command)
    assert (0, 0) == (engine.expirations, len(engine))


def test_a_dead_destination_goes_with_any_smove(engine):
    """The server looks at both keys first, even if the source is not there."""
    run(engine, "SET b x PXAT 1")
    assert 1 == run(engine, "DBSIZE")
    assert 0 == run(engine, "SMOVE a b x")
    assert 0 == run(engine, "DBSIZE")
