"""SORT by hand: lists, sets and sorted sets, weights of other keys, and what GET finds."""

import pytest

from tests.engines.redis.by_hand import WRONG, build, run

NUMBERS = ("RPUSH l 3 1 20 2", 4)
SCRIPTS = [
    [
        NUMBERS, ("SORT l", [b"1", b"2", b"3", b"20"]), ("SORT l DESC", [b"20", b"3", b"2", b"1"]),
        ("SORT l ALPHA", [b"1", b"2", b"20", b"3"]), ("SORT l LIMIT 1 2", [b"2", b"3"]),
        ("SORT l LIMIT -1 0", []), ("SORT l LIMIT 9 1", []), ("SORT_RO l DESC LIMIT 0 1", [b"20"]),
        ("SORT l BY nosort DESC LIMIT 1 2", [b"20", b"1"]), ("SORT none", []),
    ],
    [
        ("SADD s 3 1 20", 3), ("SORT s", [b"1", b"3", b"20"]), ("SORT s BY nosort STORE t", 3),
        ("LRANGE t 0 -1", [b"1", b"20", b"3"]), ("ZADD z 9 a 1 b 5 c", 3), ("OBJECT ENCODING z", b"listpack"),
        ("SORT z ALPHA DESC", [b"c", b"b", b"a"]), ("SORT z BY nosort", [b"b", b"c", b"a"]),
        ("SORT z BY nosort DESC LIMIT 0 1", [b"a"]), ("OBJECT ENCODING z", b"skiplist"),
    ],
    [
        ("RPUSH l 1 2 3", 3), ("MSET w1 30 w2 10 w3 20 n1 one n3 three", "OK"), ("HSET h2 f deep", 1),
        ("SORT l BY w*", [b"2", b"3", b"1"]), ("SORT l BY w* GET n*", [None, b"three", b"one"]),
        ("SORT l GET # GET h*->f", [b"1", None, b"2", b"deep", b"3", None]),
        ("SORT l BY w* DESC GET # STORE t", 3), ("LRANGE t 0 -1", [b"1", b"3", b"2"]),
        ("SORT l GET n* STORE t", 3), ("LRANGE t 0 -1", [b"one", b"", b"three"]), ("SORT l GET nostar", [None] * 3),
        ("SORT l BY n* ALPHA", [b"2", b"1", b"3"]), ("TYPE t", "list"),
    ],
    [
        ("RPUSH l a 1", 2), ("SORT l", "-ERR One or more scores can't be converted into double"),
        ("SORT l FOO", "-ERR syntax error"), ("SORT l LIMIT 1", "-ERR syntax error"),
        ("SORT l LIMIT x 1", "-ERR value is not an integer or out of range"),
        ("SORT_RO l STORE t", "-ERR syntax error"),
        ("SET s x", "OK"), ("SORT s", WRONG), ("RPUSH t 1", 1), ("SORT none STORE t", 0), ("EXISTS t", 0),
        ("RPUSH f 1.5 -2 0x10 1e1", 4), ("SORT f", [b"-2", b"1.5", b"1e1", b"0x10"]),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(script):
    """Order, parts, weights, values of other keys, stores and errors."""
    engine = build()
    for line, reply in script:
        assert reply == run(engine, line), line


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (("SORT", "a", "BY", "b", "LIMIT", 0, 1, "GET", "store", "STORE", "c"), ["a", "c"]),
        (("SORT", "a", "STORE", "b", "STORE", "c"), ["a", "c"]),
        (("SORT", "a", "GET", "STORE", "x"), ["a"]),
        (("GEORADIUS", "a", 1, 2, 3, "km", "STORE", "b", "STOREDIST", "c"), ["a", "c"]),
        (("GEORADIUSBYMEMBER", "a", "store", 3, "km"), ["a"]),
        (("GEOSEARCHSTORE", "b", "a", "FROMMEMBER", "x", "BYRADIUS", 1, "m"), ["b", "a"]),
        (("PFMERGE", "a", "b"), ["a", "b"]),
    ],
    ids=lambda value: value[0],
)
def test_the_keys_are_those_of_the_server(command, keys):
    """The first key, and the last one to store to (redis 7: db.c, sortGetKeys and georadiusGetKeys)."""
    assert keys == build().keys_of(command)
