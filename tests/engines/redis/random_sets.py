"""Random arguments for the commands on sets."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, keys, some, value
from tests.engines.redis.random_lists import count


def member(r: Random) -> object:
    """Return a member: often one of a few, a number as often as not."""
    return r.choice(["a", "b", "c", 1, 2, 3, -5, 40000, 2**40]) if r.random() < 0.85 else value(r)


def members(r: Random) -> list:
    """Return one to four members."""
    return [member(r) for _ in range(r.randint(1, 4))]


def sintercard(r: Random) -> list:
    """Return arguments of SINTERCARD."""
    chosen = keys(r)
    number = len(chosen) if r.random() < 0.9 else count(r)
    return [number, *chosen, *some(r, ["LIMIT", count(r)], ["foo"])]


def sscan(r: Random) -> list:
    """Return arguments of an SSCAN that takes all in one call."""
    return [
        key(r),
        r.choice([0, 0, 0, "-x"]),
        "COUNT",
        1000,
        *some(r, ["MATCH", r.choice(["*", "[a-b]"])]),
    ]


def drawn(r: Random) -> list:
    """Return arguments of SPOP and SRANDMEMBER."""
    return [
        key(r),
        *([r.choice([0, 1, 2, 10, -2, 2**63 - 1, integer(r)])] if r.random() < 0.6 else []),
    ]


MAKERS = {
    "SADD": lambda r: [key(r), *members(r)],
    "SCARD": lambda r: [key(r)],
    "SDIFF": keys,
    "SDIFFSTORE": lambda r: [key(r), *keys(r)],
    "SINTER": keys,
    "SINTERCARD": sintercard,
    "SINTERSTORE": lambda r: [key(r), *keys(r)],
    "SISMEMBER": lambda r: [key(r), member(r)],
    "SMEMBERS": lambda r: [key(r)],
    "SMISMEMBER": lambda r: [key(r), *members(r)],
    "SMOVE": lambda r: [key(r), key(r), member(r)],
    "SRANDMEMBER": drawn,
    "SREM": lambda r: [key(r), *members(r)],
    "SSCAN": sscan,
    "SUNION": keys,
    "SUNIONSTORE": lambda r: [key(r), *keys(r)],
}
OFTEN = ["SADD"]  # so that keys are there
UNORDERED = {"SDIFF", "SINTER", "SMEMBERS", "SSCAN", "SUNION"}
RANDOM = {"SRANDMEMBER"}  # SPOP would make two engines differ for good
