"""The tables of data/: how they are read, and the shapes of answers, which are one of them."""

import csv
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Any


@cache
def table(name: str) -> list[dict[str, str]]:
    """Return the rows of data/<name>.csv.

    >>> table("prices")[0]["what"]
    'backup'
    """
    text = files("cachesim.service").joinpath(f"data/{name}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


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
        found.setdefault(row["shape"], []).append((row["member"], _reader(row["attribute"])))
    return found


def _reader(attribute: str) -> Any:
    """Return a function that reads an attribute of a thing, or gives the same text for all."""
    is_fixed = attribute.startswith("=")
    return (lambda thing: attribute[1:]) if is_fixed else attrgetter(attribute)
