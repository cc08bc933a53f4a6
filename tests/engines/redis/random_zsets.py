"""Random arguments for the commands on sorted sets."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, keys, number, some, value
from tests.engines.redis.random_lists import count, index


def member(r: Random) -> object:
    """Return a member: often one of a few."""
    return r.choice(["a", "b", "c", "d", "1", "22", "x" * 65]) if r.random() < 0.9 else value(r)


def score(r: Random) -> object:
    """Return a score: a small one, an infinite one, or no number at all."""
    draw = r.random()
    if draw < 0.7:
        return r.choice([0, 1, 1, 2, 3, -1, 1.5, 10])
    return (
        r.choice(["inf", "-inf", "+Inf", "1e3", "nan", "0x1p3", "1_0", " 1"])
        if draw < 0.8
        else number(r)
    )


def bound(r: Random) -> object:
    """Return the bound of a range of scores."""
    given = score(r)
    return f"({given}" if r.random() < 0.3 else given


def lex(r: Random) -> object:
    """Return the bound of a range of members."""
    return r.choice(["-", "+", "[a", "(a", "[b", "(c", "[", "(", "a", "-x", "[zz"])


def members(r: Random) -> list:
    """Return one to three members."""
    return [member(r) for _ in range(r.randint(1, 3))]


def limit(r: Random) -> list:
    """Return LIMIT with its numbers."""
    return ["LIMIT", r.choice([0, 1, 2, -1, "x"]), r.choice([0, 1, 2, 10, -1])]


def zadd(r: Random) -> list:
    """Return arguments of ZADD."""
    options = some(r, ["NX"], ["XX"], ["GT"], ["LT"], ["CH"], ["INCR"]) if r.random() < 0.4 else []
    pairs = [part for _ in range(r.randint(1, 3)) for part in (score(r), member(r))]
    return [key(r), *options, *pairs]


def zrange(r: Random, first: int = 1) -> list:
    """Return arguments of ZRANGE, or of ZRANGESTORE with two keys."""
    by = r.choice([[], ["BYSCORE"], ["BYLEX"]])
    make = {"BYSCORE": bound, "BYLEX": lex}.get(by[0] if by else "", index)
    options = [*by, *some(r, ["REV"], limit(r), ["WITHSCORES"])]
    return [*(key(r) for _ in range(first)), make(r), make(r), *options]


def combine(r: Random, stores: bool = False, has_weights: bool = True) -> list:
    """Return arguments of ZUNION and its kin."""
    chosen = keys(r)
    size = len(chosen) if r.random() < 0.9 else count(r)
    options = []
    if has_weights:
        weights = ["WEIGHTS", *(score(r) for _ in chosen)]
        options = [weights, ["AGGREGATE", r.choice(["SUM", "MIN", "max", "x"])]]
    return [*([key(r)] if stores else []), size, *chosen, *some(r, *options, ["WITHSCORES"])]


def zmpop(r: Random) -> list:
    """Return arguments of ZMPOP."""
    chosen = keys(r)
    size = len(chosen) if r.random() < 0.9 else count(r)
    return [size, *chosen, r.choice(["MIN", "MAX", "min", "x"]), *some(r, ["COUNT", count(r)])]


def pop(r: Random) -> list:
    """Return arguments of ZPOPMIN and ZPOPMAX."""
    return [key(r), *([count(r)] if r.random() < 0.5 else [])]


def drawn(r: Random) -> list:
    """Return arguments of ZRANDMEMBER."""
    some_count = r.choice([0, 1, 2, 10, -2, 2**63 - 1, integer(r)])
    return [key(r), some_count, *some(r, ["WITHSCORES"], ["x"])][: r.choice([1, 2, 3, 4])]


def zscan(r: Random) -> list:
    """Return arguments of a ZSCAN that takes all in one call."""
    return [
        key(r),
        r.choice([0, 0, 0, "-x"]),
        "COUNT",
        1000,
        *some(r, ["MATCH", r.choice(["*", "[a-b]"])]),
    ]


MAKERS = {
    "ZADD": zadd,
    "ZCARD": lambda r: [key(r)],
    "ZCOUNT": lambda r: [key(r), bound(r), bound(r)],
    "ZDIFF": lambda r: combine(r, has_weights=False),
    "ZDIFFSTORE": lambda r: combine(r, stores=True, has_weights=False),
    "ZINCRBY": lambda r: [key(r), score(r), member(r)],
    "ZINTER": combine,
    "ZINTERCARD": lambda r: [len(chosen := keys(r)), *chosen, *some(r, ["LIMIT", count(r)])],
    "ZINTERSTORE": lambda r: combine(r, stores=True),
    "ZLEXCOUNT": lambda r: [key(r), lex(r), lex(r)],
    "ZMPOP": zmpop,
    "ZMSCORE": lambda r: [key(r), *members(r)],
    "ZPOPMAX": pop,
    "ZPOPMIN": pop,
    "ZRANDMEMBER": drawn,
    "ZRANGE": zrange,
    "ZRANGEBYLEX": lambda r: [key(r), lex(r), lex(r), *some(r, limit(r))],
    "ZRANGEBYSCORE": lambda r: [key(r), bound(r), bound(r), *some(r, limit(r), ["WITHSCORES"])],
    "ZRANGESTORE": lambda r: zrange(r, first=2),
    "ZRANK": lambda r: [key(r), member(r)],
    "ZREM": lambda r: [key(r), *members(r)],
    "ZREMRANGEBYLEX": lambda r: [key(r), lex(r), lex(r)],
    "ZREMRANGEBYRANK": lambda r: [key(r), index(r), index(r)],
    "ZREMRANGEBYSCORE": lambda r: [key(r), bound(r), bound(r)],
    "ZREVRANGE": lambda r: [key(r), index(r), index(r), *some(r, ["WITHSCORES"])],
    "ZREVRANGEBYLEX": lambda r: [key(r), lex(r), lex(r), *some(r, limit(r))],
    "ZREVRANGEBYSCORE": lambda r: [key(r), bound(r), bound(r), *some(r, limit(r), ["WITHSCORES"])],
    "ZREVRANK": lambda r: [key(r), member(r)],
    "ZSCAN": zscan,
    "ZSCORE": lambda r: [key(r), member(r)],
    "ZUNION": combine,
    "ZUNIONSTORE": lambda r: combine(r, stores=True),
}
OFTEN = ["ZADD"]  # so that keys are there
UNORDERED = {"ZSCAN"}
RANDOM = {"ZRANDMEMBER"}
