"""Random arguments for the commands on lists."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, keys, small, some, value


def element(r: Random) -> object:
    """Return an element: often one of a few, so that pivots and matches are found."""
    return r.choice(["a", "b", "c", "1", "100", "5000"]) if r.random() < 0.8 else value(r)


def elements(r: Random) -> list:
    """Return one to four elements."""
    return [element(r) for _ in range(r.randint(1, 4))]


def index(r: Random) -> object:
    """Return an index, near the ends as often as not."""
    return r.randint(-6, 6) if r.random() < 0.8 else integer(r)


def side(r: Random) -> str:
    """Return a side, rarely a wrong one."""
    return r.choice(["LEFT", "RIGHT", "left", "Right", "LEFT", "RIGHT", "up"])


def count(r: Random) -> object:
    """Return a count."""
    return r.choice([0, 1, 2, 3, 10, -1, 2**63, "x"])


def lpos(r: Random) -> list:
    """Return arguments of LPOS."""
    options = ["RANK", index(r)], ["COUNT", count(r)], ["MAXLEN", count(r)], ["foo"]
    return [key(r), element(r), *some(r, *options)]


def lmpop(r: Random) -> list:
    """Return arguments of LMPOP."""
    chosen = keys(r)
    number = len(chosen) if r.random() < 0.9 else count(r)
    return [number, *chosen, side(r), *some(r, ["COUNT", count(r)])]


def pop(r: Random) -> list:
    """Return arguments of LPOP and RPOP."""
    return [key(r), *([count(r)] if r.random() < 0.4 else [])]


def push(r: Random) -> list:
    """Return arguments of LPUSH and its kin."""
    return [key(r), *elements(r)]


MAKERS = {
    "LINDEX": lambda r: [key(r), index(r)],
    "LINSERT": lambda r: [key(r), r.choice(["BEFORE", "after", "x"]), element(r), element(r)],
    "LLEN": lambda r: [key(r)],
    "LMOVE": lambda r: [key(r), key(r), side(r), side(r)],
    "LMPOP": lmpop,
    "LPOP": pop,
    "LPOS": lpos,
    "LPUSH": push,
    "LPUSHX": push,
    "LRANGE": lambda r: [key(r), index(r), index(r)],
    "LREM": lambda r: [key(r), index(r), element(r)],
    "LSET": lambda r: [key(r), index(r), element(r)],
    "LTRIM": lambda r: [key(r), small(r), index(r)],
    "RPOP": pop,
    "RPOPLPUSH": lambda r: [key(r), key(r)],
    "RPUSH": push,
    "RPUSHX": push,
}
OFTEN = ["LPUSH", "RPUSH"]  # so that keys are there
