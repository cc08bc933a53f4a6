"""Sentences that tests add to a failure: the known mistake that gives this value, or the usual cause."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cachesim.errors import CachesimError


@contextmanager
def because(cause: str) -> Iterator[None]:
    """Add a sentence about the usual cause to any failure inside; a time limit that was hit keeps its own message.

    >>> with because("Is the key still there?"):
    ...     {}["a"]
    Traceback (most recent call last):
    AssertionError: KeyError: 'a'. Is the key still there?
    """
    try:
        yield
    except (AssertionError, CachesimError, LookupError, ValueError, TypeError) as error:
        if getattr(error, "status", "error") != "error":  # it was stopped: that is no slip
            raise
        kind = f"{type(error).__name__}: " if isinstance(error, LookupError) else ""
        raise AssertionError(f"{kind}{str(error).rstrip('.')}. {cause}") from None


def mistaken(value: float, known: Mapping[str, float], within: float = 0.005) -> str:
    """Return a sentence about the known mistake that gives this value; nothing if none does.

    >>> mistaken(2000.0, {"the answer in milliseconds": 2000.0})
    ' (this is the answer in milliseconds)'
    >>> mistaken(3.0, {"the answer in milliseconds": 2000.0})
    ''
    """
    close = (what for what, wrong in known.items() if math.isclose(value, wrong, rel_tol=within))
    return next((f" (this is {what})" for what in close), "")
