"""The list commands, by hand; the encoding of a list."""

import pytest

from tests.engines.redis.by_hand import WRONG, build, run


@pytest.fixture
def engine():
    return build()


SCRIPTS = [
    [
        ("RPUSH l b c", 2), ("LPUSH l a", 3), ("LRANGE l 0 -1", [b"a", b"b", b"c"]),
        ("LRANGE l 5 9", []), ("LINDEX l -1", b"c"), ("LINDEX l 3", None), ("LLEN l", 3),
    ],
    [
        ("RPUSH l a b c", 3), ("LPOP l", b"a"), ("RPOP l 2", [b"c", b"b"]), ("EXISTS l", 0),
        ("LPOP l", None), ("LPOP l 2", None), ("LPUSHX l a", 0), ("RPUSHX l a", 0),
    ],
    [
        ("RPUSH l a b a c a", 5), ("LREM l -2 a", 2), ("LRANGE l 0 -1", [b"a", b"b", b"c"]),
        ("LINSERT l BEFORE b x", 4), ("LINSERT l AFTER none x", -1), ("LSET l 0 y", "OK"),
        ("LSET l 9 y", "-ERR index out of range"), ("LTRIM l 1 2", "OK"),
        ("LRANGE l 0 -1", [b"x", b"b"]),
    ],
    [
        ("RPUSH l a b a b", 4), ("LPOS l b", 1), ("LPOS l b RANK -1", 3),
        ("LPOS l a COUNT 0", [0, 2]),
        ("LPOS l none", None), ("LPOS l a COUNT 0 MAXLEN 1", [0]),
        ("LPOS l a RANK -9223372036854775808", 2),
    ],
    [
        ("RPUSH l a b c", 3), ("LMOVE l m RIGHT LEFT", b"c"), ("RPOPLPUSH l m", b"b"),
        ("LRANGE m 0 -1", [b"b", b"c"]), ("RPOPLPUSH m m", b"c"), ("LRANGE m 0 -1", [b"c", b"b"]),
        ("LMOVE l m LEFT LEFT", b"a"), ("EXISTS l", 0),
        ("LMPOP 2 l m RIGHT COUNT 2", [b"m", [b"b", b"c"]]),
    ],
    [
        ("SET s x", "OK"), ("RPUSH s a", WRONG), ("LRANGE s 0 1", WRONG), ("RPUSH l a", 1),
        ("LMOVE l s LEFT LEFT", WRONG), ("LLEN l", 1), ("GET l", WRONG), ("TYPE l", "list"),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(engine, script):
    """Ends, places, searches, moves, and keys of another type."""
    for line, reply in script:
        assert reply == run(engine, line), line


def test_the_encoding_is_always_a_quicklist(engine):
    """Of one element, of many, and of one that has a node to itself."""
    for command in ("l a", "l " + "b " * 1000, "l " + "c" * 9000):
        run(engine, f"RPUSH {command}")
        assert b"quicklist" == run(engine, "OBJECT ENCODING l")


def test_a_list_that_waits_for_nobody_replies_at_once(engine):
    """Called directly a blocking command replies what it replies when its time is up."""
    assert None is run(engine, "BLPOP l 0")
    run(engine, "RPUSH l a b c d")
    assert [b"l", b"a"] == run(engine, "BLPOP none l 0")
    assert b"d" == run(engine, "BLMOVE l m RIGHT LEFT 0")
    assert "-ERR timeout is negative" == run(engine, "BRPOP l -1")
