"""The contracts of this room: an Engine is a cache that is running; an EvictionPolicy says what it gives up.

The engine keeps the books (bytes, counters, expiry); a policy is only *told* and *asked*, so a wrong
policy can be slow or foolish but can never corrupt the accounting.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from cachesim.clock import Clock
from cachesim.errors import PolicyError, Slip
from cachesim.slips import SHAPES, Thing, slip
from cachesim.spec import Spec

Random = Callable[[], float]  # a float in [0, 1) each call
Command = tuple[Any, ...]  # ("SET", "user:7", b"...", "EX", 60): name and arguments

# Unix time at which the clock handed to an engine reads 0 (1 January 2020, 00:00 UTC): commands that
# take or give a date (EXPIREAT, TIME, memcached's exptime above 30 days) speak of Unix time.
START = 1_577_836_800  # seconds

# Why a key that was asked for is not there. "unknown" is for engines that cannot tell (a real server).
COLD, EVICTED, EXPIRED, INVALIDATED, LOST, UNKNOWN = MISS_KINDS = (
    "cold",  # never stored
    "evicted",  # given up to make room
    "expired",  # its TTL ran out
    "invalidated",  # deleted by a client
    "lost",  # the whole content went (flush, restart)
    "unknown",
)


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
        self._gone: dict[str, str] = {}  # key -> why it was last removed

    def get(self, key: str) -> bytes | None:
        """Return the value, or None if the key is absent or expired; counts as a use of the key."""
        raise NotImplementedError

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds. Raises OutOfMemory if there is no room and nothing may go."""
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
        """Return the bytes of the value under a key, 0 if there is none; no use of the key, no time passes.

        What a reply costs to send. A real server is not asked (it would take a command): 0.
        """
        return 0

    def walked(self, command: Command) -> int:
        """Return how many keys or fields a command looks at: what makes a slow command slow."""
        return 1

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

    def why_missed(self, key: str) -> str:
        """Return which kind of miss (one of MISS_KINDS) asking for the absent `key` now is."""
        return self._gone.get(key, COLD)


class EngineSpec(Spec):
    """A description from which a run builds its own engine; `workers` serve commands in parallel."""

    speaks = ""  # not a field: whose commands it has: "redis", "memcached", or its own few

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

    The engine sets `random` (a callable giving a float in [0, 1)) before the first call.
    """

    random: Random

    def on_add(self, entry: Entry) -> None:
        """Note that `entry` was stored under a key that was absent."""

    def on_use(self, entry: Entry) -> None:
        """Note that `entry` was read or overwritten."""

    def on_remove(self, entry: Entry) -> None:
        """Note that `entry` left: evicted, expired or deleted."""

    def victim(self) -> str:
        """Return the key to evict next; called only while at least one key is held."""
        raise slip("missing", PolicyError, name=type(self).__name__, shape=SHAPES["victim"])


def bad_victim(policy: EvictionPolicy, given: Any) -> Slip:
    """Return the error for a policy that names a victim which the cache does not hold."""
    name = f"{type(policy).__name__}.victim()"
    code = "entry victim" if isinstance(given, Entry) else "victim"
    return slip(code, PolicyError, name=name, thing=Thing.of(given))
