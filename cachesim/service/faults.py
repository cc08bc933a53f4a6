"""`ServiceFault`: an error of the service, as AWS models it."""

import csv
from functools import cache
from importlib.resources import files

from cachesim.errors import CachesimError


class ServiceFault(CachesimError):
    """An operation that a desk refuses.

    `shape` is the name of the error's shape in AWS's model; the wire finds its code and status there.

    >>> str(ServiceFault("SnapshotNotFoundFault", "Snapshot x not found."))
    'Snapshot x not found.'
    """

    def __init__(self, shape: str, text: str) -> None:
        super().__init__(text)
        self.shape = shape


def bad_value(text: str) -> ServiceFault:
    """Return the error for one value that is not allowed."""
    return ServiceFault("InvalidParameterValueException", text)


def bad_combination(text: str) -> ServiceFault:
    """Return the error for values that do not go together."""
    return ServiceFault("InvalidParameterCombinationException", text)


@cache
def refusals() -> dict[str, tuple[str, str]]:
    """Return the shape and the text of each rule of data/refusals.csv.

    >>> refusals()["no zone"][1]
    '{} is not a zone of this Region.'
    """
    text = files("cachesim.service").joinpath("data/refusals.csv").read_text()
    return {row["rule"]: (row["shape"], row["text"]) for row in csv.DictReader(text.splitlines())}


def refuse_if(broken: object, rule: str, *values: object) -> None:
    """Raise the fault of a rule, if it is broken; `values` fill the gaps of its text."""
    if broken:
        shape, text = refusals()[rule]
        raise ServiceFault(shape, text.format(*values))
