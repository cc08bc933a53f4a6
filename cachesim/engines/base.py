"""The contracts of this room: an Engine is a cache that is running; an EvictionPolicy says what it gives up.

The engine keeps the books (bytes, counters, expiry); a policy is only *told* and *asked*, so a wrong
policy can be slow or foolish but can never corrupt the accounting.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cachesim.clock import Clock
from cachesim.errors import PolicyError
from cachesim.slips import SHAPES, slip
from cachesim.spec import Spec

Random = Callable[[], float]  # a float in [0, 1) each call
Command = tuple[Any, ...]  # ("SET", "user:7", b"...", "EX", 60): name and arguments

# Unix time at which the clock handed to an engine reads 0 (1 January 2020, 00:00 UTC): commands that
# take or give a date (EXPIREAT, TIME, memcached's exptime above 30 days) speak of Unix time.
START = 1_577_836_800  # seconds

# Why a key that was asked for is not there. "unknown" is for engines that cannot tell (a real server).
COLD, EVICTED, EXPIRED, INVALIDATED, LOST, REFUSED, UNKNOWN = MISS_KINDS = (
    "cold",  # never stored
    "evicted",  # given up to make room
    "expired",  # its TTL ran out
    "invalidated",  # deleted by a client
    "lost",  # the whole content went (flush, restart)
    "refused",  # the last store was refused: there was no room, or the value was too large
    "unknown",
)


class Work(NamedTuple):
    """What a command asks of a node that has one price for a key and one for a byte."""

    keys: int = 1  # keys that it looks at
    bytes: int = 0  # bytes that it stores, and bytes of the strings in its reply


class Engine:
    """A running cache: plain calls, no waiting; it reads the time from the clock it was handed.

    Keys are `str` (arbitrary bytes from a wire arrive decoded with surrogateescape), values `bytes`.
    """

    version: str = "embedded"  # what this is, or which server it follows or runs

    def __init__(self, clock: Clock, random: Random) -> None:
        self.clock = clock
        self.random = random
        self.memory = 0  # bytes in use, by this engine's own rules
        self.evictions = 0  # keys given up to make room, since the start
        self.expirations = 0  # keys removed because their TTL had run out, since the start
        self.refusals = 0  # stores refused, since the start; a real server is not asked: 0
        self._gone: dict[str, str] = {}  # key -> why it was last removed

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if the key is absent or expired; counts as a use of the key."""
        raise NotImplementedError

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds.

        Raises OutOfMemory if there is no room and nothing may go, after `refuse`, so that misses tell it.
        """
        raise NotImplementedError

    def delete(self, key: str) -> bool:
        """Remove a key; return whether it was there."""
        raise NotImplementedError

    def execute(self, command: Command) -> Any:
        """Run any command of this engine by name and return its reply. Raises CommandError."""
        raise NotImplementedError

    def flush(self) -> None:
        """Lose everything, as a restart without persistence does."""
        raise NotImplementedError

    def restart(self) -> None:
        """Come back after a crash or a reboot: nothing survives, unless the engine keeps it elsewhere."""
        self.flush()

    def held_bytes(self, key: str) -> int:
        """Return how many bytes `get` would reply, 0 without the key; no use of the key, no time passes.

        What a reply costs to send. A real server is not asked (it would take a command): 0.
        """
        return 0

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node now; no use of a key, no time passes.

        SIMPLIFIED: of a command that no table knows, all after the first key is stored, and the reply is short.
        """
        stored = (part for part in command[2:] if isinstance(part, bytes | str))
        return Work(bytes=sum(map(len, stored)))

    def tick(self) -> None:
        """Do what is due by the clock though nobody asks: expiry, upkeep. What a server's timer calls."""

    def close(self) -> None:
        """Give back what lives outside this process: a server ends here, an embedded engine has nothing."""

    def __len__(self) -> int:
        """Return the number of keys held, the expired but not yet removed ones included."""
        raise NotImplementedError

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """Ask for the keys in turn, storing `value` on a miss; return how many misses of each kind.

        What a replay does with plain keys; an engine may do the same faster.
        """
        kinds: Counter[str] = Counter()
        for key in keys:
            if self.get(key) is None:
                kinds[self.why_missed(key)] += 1
                self.set(key, value)
        return kinds

    def refuse(self, key: str) -> None:
        """Count that what was to be stored under a key was refused, and remember it."""
        self.refusals += 1
        self._gone[key] = REFUSED

    def why_missed(self, key: str) -> str:
        """Return which kind of miss (one of MISS_KINDS) asking for the absent `key` now is."""
        return self._gone.get(key, COLD)


class EngineSpec(Spec):
    """A description from which a run builds its own engine; `workers` serve commands in parallel."""

    # Not fields:
    speaks = ""  # whose commands it has: "redis", "memcached", or its own few
    why_refused = "memory full"  # why it refuses to store

    @property
    def workers(self) -> int:
        """Return how many commands the node executes at once."""
        return 1

    def build(self, clock: Clock, random: Random) -> Engine:
        """Return a new, empty engine."""
        raise NotImplementedError


class Entry:
    """One key of the cache, as a policy sees it."""

    __slots__ = ("expires", "key", "size", "value")

    def __init__(self, key: str, value: bytes, size: int, expires: float) -> None:
        self.key = key
        self.value = value
        self.size = size  # bytes
        self.expires = expires  # seconds on the engine's clock; inf: never


class EvictionPolicy:
    """Decides which key goes when room is needed: told of every change, asked for a victim.

    The engine sets `random` and `items` before the first call. A policy that defines neither `before_add` nor
    `on_evict` is not asked for them.
    """

    name = ""  # on the command line and in files; empty: the name of the class, in small letters
    random: Random  # gives a float in [0, 1)
    items = math.inf  # most keys that the cache may hold; inf if only bytes bound it

    def before_add(self, entry: Entry) -> bool:
        """Say whether to store `entry`, whose key is absent; room has not been made yet."""
        return True

    def on_add(self, entry: Entry) -> None:
        """Note that `entry` was stored under a key that was absent."""

    def on_use(self, entry: Entry) -> None:
        """Note that `entry` was read or overwritten."""

    def on_evict(self, entry: Entry) -> None:
        """Note that `entry` is given up to make room; `on_remove` follows."""

    def on_remove(self, entry: Entry) -> None:
        """Note that `entry` left: evicted, expired or deleted."""

    def victim(self) -> str:
        """Return the key to evict next; called only while at least one key is held."""
        raise slip("missing", PolicyError, name=type(self).__name__, shape=SHAPES["victim"])

    @classmethod
    def named(cls) -> str:
        """Return the policy's name.

        >>> class Mine(EvictionPolicy): ...
        >>> Mine.named()
        'mine'
        """
        return cls.name or cls.__name__.lower()

    @classmethod
    def defines(cls, method: str) -> bool:
        """Return whether a kind of policy has a method of its own in place of this contract's."""
        return getattr(cls, method) is not getattr(EvictionPolicy, method)
