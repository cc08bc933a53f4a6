"""What every desk has: its account, a look at the members of each request, and AWS's shapes.

The tables in data/ say it: requests.csv which members an operation takes, shapes.csv how a thing is shown.
"""

import csv
from collections.abc import Callable
from functools import cache, wraps
from importlib.resources import files
from operator import attrgetter
from typing import Any, TypeVar, cast

from cachesim.service.account import Account
from cachesim.service.faults import refuse_if

Answer = dict[str, Any]
T = TypeVar("T")


@cache
def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of a table in data/.

    >>> rows("condition_keys")[0]["member"]
    'AtRestEncryptionEnabled'
    """
    text = files("cachesim.service").joinpath(f"data/{table}.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def shown(shape: str, thing: Any) -> Answer:
    """Return a thing in AWS's shape; a value in the table is an attribute, or after = a text."""
    mine = [(row["member"], row["value"]) for row in rows("shapes") if row["shape"] == shape]
    return {
        member: value[1:] if value.startswith("=") else attrgetter(value)(thing)
        for member, value in mine
    }


def needed(thing: T | None, rule: str, *values: object) -> T:
    """Return a thing that must be there; without it, refuse by a rule of refusals.csv."""
    refuse_if(thing is None, rule, *values)
    return cast("T", thing)


class Desk:
    """A desk. Each method that has a row in requests.csv refuses other members of a request."""

    service = ""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __init_subclass__(cls) -> None:
        for row in rows("requests"):
            if row["service"] == cls.service and hasattr(cls, row["operation"]):
                call = getattr(cls, row["operation"])
                setattr(cls, row["operation"], _checked(call, row["members"].split()))


def _checked(call: Callable[[Any, Answer], Answer], members: list[str]) -> Any:
    @wraps(call)
    def operation(desk: Any, request: Answer) -> Answer:
        for name in request:
            refuse_if(name not in members, "not simulated", name)
        return call(desk, request)

    return operation
