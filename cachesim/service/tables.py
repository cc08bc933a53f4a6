"""The tables of data/: how they are read, and the shapes of answers, which are one of them."""

import csv
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Any


@cache
def table(name: str) -> list[dict[str, str]]:
    """Return the rows of data/<name>.csv."""
    text = files("cachesim.service").joinpath(f"data/{name}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


@cache
def figures(name: str) -> dict[str, float]:
    """Return the second column of a table by the first one.

    >>> figures("timings")["failover detected"]
    15.0
    """
    rows = [list(row.values()) for row in table(name)]
    return {first: float(second) for first, second, *_ in rows}


def in_shape(shape: str, thing: object, **more: Any) -> dict[str, Any]:
    """Return a thing in AWS's shape: the members that data/shapes.csv has of it, and `more`.

    A row says which attribute of the thing a member is, or "=text" if it is always the same.
    What is None is left out.

    >>> from cachesim.service.elasticache.users import UserGroup
    >>> list(in_shape("user group", UserGroup("team", ["ada"], arn="arn:aws:x")))[:4]
    ['UserGroupId', 'Status', 'Engine', 'UserIds']
    """
    found = {member: read(thing) for member, read in _shapes()[shape]} | more
    return {member: value for member, value in found.items() if value is not None}


@cache
def _shapes() -> dict[str, list[tuple[str, Any]]]:
    found: dict[str, list[tuple[str, Any]]] = {}
    for row in table("shapes"):
        text = row["attribute"]
        read = (lambda thing, text=text: text[1:]) if text.startswith("=") else attrgetter(text)
        found.setdefault(row["shape"], []).append((row["member"], read))
    return found
