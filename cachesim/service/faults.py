"""`ServiceFault`: an error of the service, as AWS models it."""

from collections.abc import Container, Iterable
from functools import cache
from typing import Any, TypeVar

from cachesim.errors import CachesimError
from cachesim.service.tables import table

T = TypeVar("T")


class ServiceFault(CachesimError):
    """An operation that a desk refuses.

    `shape` is the name of the error's shape in AWS's model; the wire finds its code and status there.
    `members` are further members of that shape.

    >>> str(ServiceFault("SnapshotNotFoundFault", "Snapshot x not found."))
    'Snapshot x not found.'
    """

    def __init__(self, shape: str, text: str, **members: Any) -> None:
        super().__init__(text)
        self.shape, self.members = shape, members


def bad_value(text: str) -> ServiceFault:
    """Return the error for one value that is not allowed."""
    return ServiceFault("InvalidParameterValueException", text)


@cache
def _rules() -> dict[str, tuple[str, str]]:
    return {row["rule"]: (row["shape"], row["text"]) for row in table("refusals")}


def refusal(rule: str, *values: object) -> ServiceFault:
    """Return the fault of a rule in data/refusals.csv; `values` fill the gaps of its text.

    >>> str(refusal("no zone", "moon-1a"))
    'moon-1a is not a zone of this Region.'
    """
    shape, text = _rules()[rule]
    return ServiceFault(shape, text.format(*values))


def refuse_if(broken: object, rule: str, *values: object) -> None:
    """Raise the fault of a rule, if it is broken."""
    if broken:
        raise refusal(rule, *values)


def needed(thing: T | None, rule: str, *values: object) -> T:
    """Return a thing that must be there; if it is not, raise the fault of a rule."""
    if thing is None:
        raise refusal(rule, *values)
    return thing


def only(request: Iterable[str], simulated: Container[str]) -> None:
    """Refuse a parameter that would change nothing: what it asks for is not simulated."""
    for name in request:
        if name not in simulated:
            raise ServiceFault("NotImplemented", f"{name} is not simulated; leave it out.")
