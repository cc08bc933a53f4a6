"""The `cachesim` that a student's code finds in the sandbox: what it may subclass, and nothing that answers a task."""

import math

from slips import Slip

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
US, MS = 1e-6, 1e-3


class CachesimError(Exception):
    """What the toolkit raises."""


class BadInput(CachesimError, ValueError):
    """A value that breaks a rule."""


# The failures of the simulated world, as cachesim/errors.py has them: each with what it is a kind of.
FAILURES = """
SimulatedFailure CachesimError
CacheError SimulatedFailure
OutOfMemory CacheError
CommandError CacheError
DatabaseRefused SimulatedFailure
FenceRejected SimulatedFailure
LockRefused SimulatedFailure
Unreachable SimulatedFailure
TimedOut Unreachable
ConnectTimedOut TimedOut
ConnectionLost Unreachable
ConnectionRefused Unreachable
AuthenticationFailed Unreachable
BreakerOpen Unreachable
"""


def _tree(words):
    made = {"CachesimError": CachesimError, "BadInput": BadInput}
    for name, kind in zip(words[::2], words[1::2], strict=True):
        made[name] = type(name, (made[kind],), {})
    return made


ERRORS = _tree(FAILURES.split())


class Entry:
    """One key of the cache, as a policy sees it."""

    def __init__(self, key, size, expires):
        self.key, self.size, self.expires, self.value = key, size, expires, b""


class EvictionPolicy:
    """Decides which key goes when room is needed; on_add, on_use and on_remove tell it of every change."""

    random = None
    items = math.inf

    def before_add(self, entry):
        """Say whether to store `entry`."""
        return True

    def on_add(self, entry):
        """Note that `entry` was stored under a key that was absent."""

    def on_use(self, entry):
        """Note that `entry` was read or overwritten."""

    def on_evict(self, entry):
        """Note that `entry` is given up to make room; `on_remove` follows."""

    def on_remove(self, entry):
        """Note that `entry` left: evicted, expired or deleted."""

    def victim(self):
        """Return the key to evict next."""
        raise Slip("missing", op="victim")


class Strategy:
    """How an application uses its cache: two generators, `read(app, key)` and `write(app, key, value)`."""

    def __init__(self, **fields):
        for name, value in fields.items():
            kinds = [getattr(kind, "__annotations__", ()) for kind in type(self).__mro__]
            known = list(dict.fromkeys(field for kind in kinds for field in kind))
            if name not in known and not hasattr(type(self), name):
                more = f"; its fields are: {', '.join(known) or 'none'}"
                raise Slip("field", field=name, thing=["more", more])
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
    """Name what an answer may use: the classes here but for Slip, and the failures that strategies catch."""
    ours = {name for name, value in globals().items() if isinstance(value, type)} - {"Slip"}
    return ", ".join(sorted(ours | {"CacheError", "DatabaseRefused"}))


def __getattr__(name):
    if name in ERRORS:
        return ERRORS[name]
    raise AttributeError(
        f"cachesim.{name} is not part of this exercise: it would be the answer, or is not needed for it; "
        f"what there is: {_classes()}"
    )


inf = math.inf
