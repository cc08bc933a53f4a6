"""The `cachesim` that a student's code finds in the sandbox: what it may subclass, and nothing that answers a task."""

import math

from slips import Slip

UNITS = {"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "US": 1e-6, "MS": 1e-3}
MIB = UNITS["MIB"]

# The errors that an answer may catch or raise, as cachesim/errors.py has them: each with its parent.
TREE = """
CachesimError Exception
BadInput CachesimError
SimulatedFailure CachesimError
CacheError SimulatedFailure
OutOfMemory CacheError
CommandError CacheError
Redirected CommandError
Forbidden CommandError
DatabaseRefused SimulatedFailure
Throttled DatabaseRefused
FenceRejected SimulatedFailure
LockRefused SimulatedFailure
Unreachable SimulatedFailure
TimedOut Unreachable
ConnectTimedOut TimedOut
ConnectionLost Unreachable
ConnectionRefused Unreachable
AuthenticationFailed Unreachable
TlsMismatch Unreachable
BreakerOpen Unreachable
"""


def _tree(words):
    made = {"Exception": Exception}
    for name, parent in zip(words[::2], words[1::2], strict=True):
        parents = (made[parent], ValueError) if name == "BadInput" else (made[parent],)
        made[name] = type(name, parents, {})
    del made["Exception"]
    return made


ERRORS = _tree(TREE.split())


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
    """List the classes that an answer may use, with two of the errors as examples."""
    ours = {name for name, value in globals().items() if isinstance(value, type)} - {"Slip"}
    return ", ".join([*sorted(ours), "errors.CacheError", "errors.DatabaseRefused"])


def elsewhere(name):
    """Return the sentence for a name that lives in the namespace `errors`; None for any other name."""
    return (
        f"cachesim.{name} is now cachesim.errors.{name}; use that name" if name in ERRORS else None
    )


def __getattr__(name):
    if name in ERRORS:
        raise ImportError(elsewhere(name))
    raise AttributeError(
        f"cachesim.{name} is not part of this exercise: it would be the answer, or is not needed for it; "
        f"what there is: {_classes()}"
    )


inf = math.inf
