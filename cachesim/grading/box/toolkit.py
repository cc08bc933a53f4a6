"""The `cachesim` that a student's code finds in the sandbox: what it may subclass, and nothing that answers a task."""

import math

from slips import Slip

KIB, MIB = 1 << 10, 1 << 20


class CachesimError(Exception):
    """What the toolkit raises."""


class BadInput(CachesimError, ValueError):
    """A value that breaks a rule."""


class CacheError(CachesimError):
    """A cache command that failed."""


class DatabaseRefused(CachesimError):
    """A database that takes no more."""


class Entry:
    """One key of the cache, as a policy sees it."""

    def __init__(self, key, size, expires):
        self.key, self.size, self.expires, self.value = key, size, expires, b""


class EvictionPolicy:
    """Decides which key goes when room is needed; on_add, on_use and on_remove tell it of every change."""

    random = None

    def on_add(self, entry):
        """Note that `entry` was stored under a key that was absent."""

    def on_use(self, entry):
        """Note that `entry` was read or overwritten."""

    def on_remove(self, entry):
        """Note that `entry` left: evicted, expired or deleted."""

    def victim(self):
        """Return the key to evict next."""
        raise Slip("missing", op="victim")


class Strategy:
    """How an application uses its cache: two generators, `read(app, key)` and `write(app, key, value)`."""

    def __init__(self, **fields):
        for name, value in fields.items():
            if not hasattr(type(self), name):
                known = ", ".join(getattr(type(self), "__annotations__", ())) or "none"
                raise Slip("field", field=name, thing=["more", f"; its fields are: {known}"])
            setattr(self, name, value)

    def read(self, app, key):
        """Yield events until the key's value is known, and return it."""
        raise Slip("missing", op="read")

    def write(self, app, key, value):
        """Yield events until the write may be acknowledged."""
        raise Slip("missing", op="write")

    def start(self, app):
        """Return work to do beside the requests, or None."""


def _classes():
    return ", ".join(sorted(name for name, value in globals().items() if isinstance(value, type)))


def __getattr__(name):
    raise AttributeError(
        f"cachesim.{name} is not part of this exercise: it would be the answer, or is not needed for it; "
        f"what there is: {_classes()}"
    )


inf = math.inf
