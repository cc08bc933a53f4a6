"""The sorted set commands, by hand; the encodings of a sorted set."""

import pytest

from tests.engines.redis.by_hand import WRONG, build, run


@pytest.fixture
def engine():
    return build()


SCRIPTS = [
    [
        ("ZADD z 2 b 1 c 2 a", 3), ("ZRANGE z 0 -1", [b"c", b"a", b"b"]), ("ZADD z 3 c 4 d", 1),
        ("ZSCORE z c", 3.0),
        ("ZRANK z c", 2), ("ZREVRANK z c", 1), ("ZRANK z none", None),
        ("ZMSCORE z a none", [2.0, None]), ("ZCARD z", 4),
    ],
    [
        ("ZADD z XX 1 a", 0), ("EXISTS z", 0), ("ZADD z NX 1 a", 1), ("ZADD z NX 2 a", 0),
        ("ZADD z XX CH 3 a", 1),
        ("ZADD z GT 2 a", 0), ("ZADD z LT CH 2 a", 1), ("ZADD z INCR 5 a", 7.0),
        ("ZINCRBY z -7 a", 0.0),
        ("ZADD z XX NX 1 a", "-ERR XX and NX options at the same time are not compatible"),
        ("ZADD z x a", "-ERR value is not a valid float"),
    ],
    [
        ("ZADD z 1 a 2 b 3 c", 3), ("ZRANGEBYSCORE z (1 +inf", [b"b", b"c"]),
        ("ZCOUNT z -inf 2", 2),
        ("ZRANGE z 3 2 BYSCORE REV", [b"c", b"b"]), ("ZREVRANGE z 0 0 WITHSCORES", [[b"c", 3.0]]),
        ("ZRANGE z -inf inf BYSCORE LIMIT 1 1", [b"b"]), ("ZREMRANGEBYSCORE z 1 2", 2),
        ("ZREMRANGEBYRANK z 0 0", 1), ("EXISTS z", 0),
    ],
    [
        ("ZADD z 0 a 0 b 0 c", 3), ("ZRANGEBYLEX z [b +", [b"b", b"c"]), ("ZLEXCOUNT z - (c", 2),
        ("ZREVRANGEBYLEX z (c -", [b"b", b"a"]),
        ("ZREMRANGEBYLEX z [a [b", 2), ("ZRANGE z 0 -1", [b"c"]),
        ("ZRANGEBYLEX z a b", "-ERR min or max not valid string range item"),
    ],
    [
        ("ZADD z 1 a 2 b 3 c", 3), ("ZPOPMIN z", [b"a", 1.0]),
        ("ZPOPMAX z 2", [[b"c", 3.0], [b"b", 2.0]]), ("EXISTS z", 0),
        ("ZPOPMIN z", []), ("ZADD z 1 a", 1), ("ZMPOP 2 none z MIN", [b"z", [[b"a", 1.0]]]),
        ("BZPOPMIN z 0", None),
    ],
    [
        ("ZADD y 1 a 2 b", 2), ("SADD s b c", 2),
        ("ZUNION 2 y s WITHSCORES", [[b"a", 1.0], [b"c", 1.0], [b"b", 3.0]]),
        ("ZINTERSTORE z 2 y s WEIGHTS 2 10 AGGREGATE MAX", 1), ("ZSCORE z b", 10.0),
        ("ZDIFF 2 y s", [b"a"]), ("ZINTERCARD 2 y s", 1),
        ("ZRANGESTORE z y 0 0", 1), ("ZRANGE z 0 -1", [b"a"]), ("ZDIFFSTORE z 1 none", 0),
        ("EXISTS z", 0),
    ],
    [
        ("SET s x", "OK"), ("ZADD s 1 a", WRONG), ("ZUNION 1 s", WRONG), ("ZADD z inf a", 1),
        ("TYPE z", "zset"),
        ("ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"),
        ("ZSCORE z a", float("inf")), ("ZADD z nan a", "-ERR value is not a valid float"),
    ],
]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script[0][0])
def test_by_hand_on_a_few_commands(engine, script):
    """Scores, options, ranges, pops, sets together, and what is no score."""
    for line, reply in script:
        assert reply == run(engine, line), line


@pytest.mark.parametrize(
    ("members", "encoding"),
    [(range(128), b"listpack"), (range(129), b"skiplist"), (["x" * 64], b"listpack"), (["x" * 65], b"skiplist")],
    ids=["128", "129", "64 bytes", "65 bytes"],
)  # fmt: skip
def test_the_encoding(engine, members, encoding):
    """Up to 128 members of up to 64 bytes are a listpack."""
    engine.execute(("ZADD", "z", *(part for member in members for part in (1, member))))
    assert encoding == run(engine, "OBJECT ENCODING z")


def test_a_stored_result_has_the_encoding_of_its_size(engine):
    """A skip list stays one; what is stored from it may be a listpack again."""
    engine.execute(("ZADD", "z", *(part for member in range(129) for part in (member, member))))
    engine.execute(("ZREM", "z", *range(9)))
    run(engine, "ZUNIONSTORE union 1 z")
    run(engine, "ZRANGESTORE range z 0 9")
    found = [run(engine, f"OBJECT ENCODING {key}") for key in ("z", "union", "range")]
    assert [b"skiplist", b"listpack", b"listpack"] == found
