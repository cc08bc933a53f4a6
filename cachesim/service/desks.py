"""What every desk has: the account behind it, a short way to its clock, and a check of each request.

data/operations.csv has a row for an operation whose request may have some members only, and for one
that does nothing but list a register.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from cachesim.service.account import Account
from cachesim.service.faults import only
from cachesim.service.tables import table

Answer = dict[str, Any]
Operation = Callable[[Any, dict[str, Any]], Answer]


class ServiceDesk:
    """A desk of an account. A part of one is a class below this one, with the name of its service.

    >>> ServiceDesk(Account()).arn("user:ada")
    'arn:aws::us-east-1:123456789012:user:ada'
    """

    service = ""

    def __init_subclass__(cls) -> None:
        for row in table("operations"):
            name = row["operation"]
            if row["service"] != cls.service:
                continue
            if name in vars(cls):
                setattr(cls, name, _checked(vars(cls)[name], row["members"]))
            elif row["lists"] and not hasattr(cls, name):
                setattr(cls, name, _checked(_lists(row["lists"]), row["members"]))

    def __init__(self, account: Account) -> None:
        self.account = account

    @property
    def now(self) -> float:
        """The second of the calendar."""
        return self.account.calendar.now

    @property
    def date(self) -> datetime:
        """The date of now."""
        return self.account.calendar.date

    def arn(self, name: str) -> str:
        """Return the Amazon Resource Name of something of this service."""
        return self.account.arn(self.service, name)

    def later(
        self, step: str, call: Callable[..., object], *args: object, after: float = 0.0
    ) -> float:
        """Make a call when a step is over that begins in `after` seconds; return all the seconds."""
        return self.account.later(step, call, *args, after=after)


def _checked(call: Operation, members: str) -> Operation:
    """Return an operation that refuses other members of a request than these; none given: any.

    One that returns nothing has an empty answer.
    """

    @wraps(call)
    def checked(self: Any, request: dict[str, Any]) -> Answer:
        only(request, members.split() or request)
        return call(self, request) or {}

    return checked


def _lists(register: str) -> Operation:
    """Return an operation that lists a register of a desk, the attribute of that name."""
    return lambda desk, request: getattr(desk, register).described(request)
