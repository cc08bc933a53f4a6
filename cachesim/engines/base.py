"""The contracts of this room: an Engine is a running cache, an EvictionPolicy chooses what it evicts.

The engine keeps the books: bytes, counters, expiry. It notifies the policy of every change and asks
it for a victim. So a wrong policy can be slow or foolish, but it cannot spoil the books.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from cachesim.clock import Clock
from cachesim.errors import PolicyError
from cachesim.slips import SHAPES, slip
from cachesim.spec import Spec

Random = Callable[[], float]  # a float in [0, 1) each call
Command = tuple[Any, ...]  # ("SET", "user:7", b"...", "EX", 60): name and arguments

# The Unix time at which an engine's clock reads 0 (1 January 2020, 00:00 UTC). Commands that take or
# give a date use Unix time: EXPIREAT, TIME, memcached's exptime above 30 days.
START = 1_577_836_800  # seconds

# Why a requested key is not there. "unknown" is for engines that cannot know it (a real server).
COLD, EVICTED, EXPIRED, INVALIDATED, LOST, REFUSED, UNKNOWN = MISS_KINDS = (
    "cold",  # never stored
    "evicted",  # removed to make room
    "expired",  # its TTL ran out
    "invalidated",  # deleted by a client
    "lost",  # the whole content went (flush, restart)
    "refused",  # the last store was refused: there was no room, or the value was too large
    "unknown",
)


class Work(NamedTuple):
    """The work of one command. A node has a price per key and a price per byte."""

    keys: int = 1  # keys that the command looks up
    bytes: int = 0  # bytes that it stores, and bytes of the strings in its reply


class Engine:
    """A running cache: plain calls without waiting. It reads the time from its clock.

    Keys are `str`, values are `bytes`. Keys that arrive as bytes are decoded with surrogateescape.
    """

    version: str = "embedded"  # what this is, or which server it follows or runs

    def __init__(self, clock: Clock, random: Random) -> None:
        self.clock = clock
        self.random = random
        self.memory = 0  # bytes in use, by this engine's own rules
        self.evictions = 0  # keys removed to make room, since the start
        self.expirations = 0  # keys removed because their TTL had run out, since the start
        self.refusals = (
            0  # stores refused, since the start; 0 for a real server, which is not asked
        )
        self._gone: dict[str, str] = {}  # key -> why it was last removed

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if the key is absent or expired; counts as a use of the key."""
        raise NotImplementedError

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds.

        Raises
        ------
        OutOfMemory
            There is no room and nothing may be evicted. `refuse` was called first, so that later
            misses of the key are counted as "refused".
        """
        raise NotImplementedError

    def delete(self, key: str) -> bool:
        """Remove a key; True if it was there."""
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
        """Return the bytes that `get` would reply with, 0 without the key; it is no use of the key.

        The model needs it for the price of sending a reply. A real server is not asked, for that would
        take a command: 0.
        """
        return 0

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node now; it is no use of a key.

        SIMPLIFIED: a command that no table knows is taken to store everything after its first key, and
        to have a short reply.
        """
        stored = (part for part in command[2:] if isinstance(part, bytes | str))
        return Work(bytes=sum(map(len, stored)))

    def keys_of(self, command: Command) -> list[str]:
        """Name the keys of a command: a fleet's client finds their node by them."""
        return [key if isinstance(key, str) else bytes(key).decode() for key in command[1:2]]

    def tick(self) -> None:
        """Do the work that is due by the clock: expiry and upkeep. A server's timer calls it."""

    def close(self) -> None:
        """End the server, if there is one outside this process; an embedded engine has none."""

    def keys(self) -> Iterator[str]:
        """Iterate over the keys that are alive now, in no promised order.

        It is no use of any key, and no dead key is removed. Later changes do not touch the iterator.

        Raises
        ------
        BadInput
            The engine cannot list its keys (a real memcached).
        """
        raise NotImplementedError

    def __len__(self) -> int:
        """Return the number of keys held, including expired keys that are not removed yet."""
        raise NotImplementedError

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """Get the keys one by one and store `value` on a miss; count the misses by kind.

        A replay calls it for plain keys. An engine may have a faster way to do the same.
        """
        kinds: Counter[str] = Counter()
        for key in keys:
            if self.get(key) is None:
                kinds[self.why_missed(key)] += 1
                self.set(key, value)
        return kinds

    def refuse(self, key: str) -> None:
        """Note that a value could not be stored under a key."""
        self.refusals += 1
        self._gone[key] = REFUSED

    def why_missed(self, key: str) -> str:
        """Return the kind of miss that a get of the absent `key` is now: one of MISS_KINDS."""
        return self._gone.get(key, COLD)


class EngineSpec(Spec):
    """A description of an engine; every run builds an engine of its own from it."""

    # Not fields:
    speaks = ""  # the server whose commands it has: "redis", "memcached"; empty: a few of its own
    why_refused = "memory full"  # why it refuses to store

    @property
    def workers(self) -> int:
        """The number of commands that the node executes at the same time."""
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
    """Chooses the key to evict when room is needed. The engine notifies it of every change.

    The engine sets `random` and `items` before the first call. It calls `before_add` and `on_evict` only
    if the policy defines them.
    """

    name = ""  # on the command line and in files; empty: the name of the class, in small letters
    random: Random  # gives a float in [0, 1)
    items = math.inf  # most keys that the cache may hold; inf if only bytes bound it

    def before_add(self, entry: Entry) -> bool:
        """Return True to store `entry`, False to refuse it; its key is absent, room is not made yet."""
        return True

    def on_add(self, entry: Entry) -> None:
        """Note that `entry` was stored; its key was absent before."""

    def on_use(self, entry: Entry) -> None:
        """Note that `entry` was read or overwritten."""

    def on_evict(self, entry: Entry) -> None:
        """Note that `entry` is evicted to make room; `on_remove` follows."""

    def on_remove(self, entry: Entry) -> None:
        """Note that `entry` left the cache: evicted, expired or deleted."""

    def victim(self) -> str:
        """Return the key to evict next; the cache holds at least one key."""
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
        """Whether this class of policy has its own method in place of the contract's."""
        return getattr(cls, method) is not getattr(EvictionPolicy, method)
