"""Random arguments for SORT and SORT_RO."""

from random import Random

from tests.engines.redis.random_arguments import integer, key, some


def pattern(r: Random) -> str:
    """Return a pattern of BY or GET: keys that are there, fields of hashes, the element, nothing."""
    return r.choice(["k*", "*", "k*->f1", "k*->", "#", "nosort", "*->f2", "k[*]", "w*"])


def limit(r: Random) -> list:
    """Return a LIMIT."""
    return [
        "LIMIT",
        r.choice([0, 1, 2, -1, 100, integer(r)]),
        r.choice([0, 1, 3, -1, 100, integer(r)]),
    ]


def sort(r: Random, *more: list) -> list:
    """Return arguments of SORT."""
    chosen = some(r, ["ASC"], ["desc"], ["ALPHA"], ["ALPHA"], ["BY", pattern(r)], limit(r), *more)
    gets = [part for _ in range(r.choice([0, 0, 0, 1, 2])) for part in ("GET", pattern(r))]
    return [key(r), *chosen, *gets, *(["foo"] if r.random() < 0.03 else [])]


MAKERS = {"SORT": lambda r: sort(r, ["STORE", key(r)]), "SORT_RO": sort}
OFTEN: list[str] = []
