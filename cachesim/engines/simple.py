"""The cache to read first: a dict, a clock, a limit and a policy.

The engine keeps the books; the policy is told of every change and asked for a victim. The bytes in use
never exceed the limit after a command, because room is made before anything is stored.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import (
    COLD,
    EVICTED,
    EXPIRED,
    INVALIDATED,
    LOST,
    Command,
    Engine,
    EngineSpec,
    Entry,
    EvictionPolicy,
    Random,
)
from cachesim.engines.policies import LRU
from cachesim.errors import BadInput, CommandError, OutOfMemory, PolicyError
from cachesim.spec import Bytes, Count
from cachesim.units import MIB

INF = math.inf


class Simple(EngineSpec):
    """A cache that any policy can be tried in.

    >>> cache = Simple(items=1).build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> cache.set("a", b"1")
    >>> cache.set("b", b"2")
    >>> cache.get("a"), cache.why_missed("a"), cache.get("b")
    (None, 'evicted', b'2')
    """

    memory: Bytes = 4 * MIB  # limit on the bytes of keys and values
    items: Count | None = None  # limit on the number of keys beside it
    policy: Callable[[], EvictionPolicy] = LRU  # makes the policy of one run

    def build(self, clock: Clock, random: Random) -> "SimpleEngine":
        """Return a new, empty cache."""
        return SimpleEngine(self, clock, random)


class SimpleEngine(Engine):
    """A running Simple cache."""

    def __init__(self, spec: Simple, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self.memory_limit = spec.memory
        self.items_limit = math.inf if spec.items is None else spec.items
        self.entries: dict[str, Entry] = {}
        self.policy = spec.policy()
        self.policy.random = random
        self._on_add, self._on_use = self.policy.on_add, self.policy.on_use
        self._on_remove, self._victim = self.policy.on_remove, self.policy.victim

    def get(self, key: str) -> bytes | None:
        """Return the value, or None; side effects: an expired key is removed, a live one is a use."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.expires != INF and entry.expires <= self.clock():
            self.expirations += 1
            self._remove(entry, EXPIRED)
            return None
        self._on_use(entry)
        return entry.value

    def set(self, key: str, value: bytes, ttl: float = math.inf) -> None:
        """Store a value for `ttl` seconds, evicting until it fits.

        Raises
        ------
        OutOfMemory
            The entry alone exceeds the limit; the key's old value is dropped, for it is outdated.
        """
        if not ttl > 0:
            raise BadInput(f"ttl must be > 0 seconds (inf for no limit), got {ttl}")
        size = _length(key) + len(value)
        entry = self.entries.get(key)
        expires = INF if ttl == INF else self.clock() + ttl
        if entry is not None and size > self.memory_limit:
            self._remove(entry, EVICTED)
        elif entry is not None and self._overwrite(entry, value, size, expires):
            return
        self._insert(Entry(key, value, size, expires))

    def _insert(self, entry: Entry) -> None:
        """Make room, then store an entry whose key is absent."""
        size, entries = entry.size, self.entries
        if size > self.memory_limit:
            raise OutOfMemory(
                f'"{entry.key}" needs {size} bytes, more than the cache has ({self.memory_limit})'
            )
        while self.memory + size > self.memory_limit or len(entries) >= self.items_limit:
            self._evict()
        entries[entry.key] = entry
        self.memory += size
        self._on_add(entry)

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """As Engine.read_through, without a call of `get` for every key while no key has a TTL."""
        if any(entry.expires < INF for entry in self.entries.values()):
            return super().read_through(keys, value)
        find, use, gone, insert = self.entries.get, self._on_use, self._gone.get, self._insert
        kinds: list[str] = []
        for key in keys:
            entry = find(key)
            if entry is not None:
                use(entry)
            else:
                kinds.append(gone(key, COLD))
                insert(Entry(key, value, _length(key) + len(value), INF))
        return Counter(kinds)

    def _overwrite(self, entry: Entry, value: bytes, size: int, expires: float) -> bool:
        """Replace a value in place; False if making room for it cost the key itself its place."""
        self._on_use(entry)
        while self.memory - entry.size + size > self.memory_limit:
            self._evict()
            if entry.key not in self.entries:
                return False
        self.memory += size - entry.size
        entry.value, entry.size, entry.expires = value, size, expires
        return True

    def _evict(self) -> None:
        key = self._victim()
        entry = self.entries.pop(key, None)
        if entry is None:
            raise PolicyError(
                f"{type(self.policy).__name__}.victim() returned {key!r}, which the cache does not hold; "
                "return a key that on_add named and on_remove has not"
            )
        self.evictions += 1
        self.memory -= entry.size
        self._gone[key] = EVICTED
        self._on_remove(entry)

    def _remove(self, entry: Entry, why: str) -> None:
        del self.entries[entry.key]
        self.memory -= entry.size
        self._gone[entry.key] = why
        self._on_remove(entry)

    def delete(self, key: str) -> bool:
        """Remove a key; return whether it was there and alive."""
        entry = self.entries.get(key)
        if entry is None:
            return False
        alive = entry.expires > self.clock()
        self.expirations += not alive
        self._remove(entry, INVALIDATED if alive else EXPIRED)
        return alive

    def flush(self) -> None:
        """Lose everything."""
        for entry in list(self.entries.values()):
            self._remove(entry, LOST)

    def __len__(self) -> int:
        """Return the number of keys held, the expired but not yet removed ones included."""
        return len(self.entries)

    def execute(self, command: Command) -> Any:
        """Run GET, SET (with EX), DEL, DBSIZE or FLUSHALL.

        Raises
        ------
        CommandError
            Another command, or the wrong arguments.
        """
        match [str(command[0]).upper() if command else "", *command[1:]]:
            case ["GET", key]:
                return self.get(key)
            case ["SET", key, value]:
                return self.set(key, value)
            case ["SET", key, value, "EX", seconds]:
                return self.set(key, value, float(seconds))
            case ["DEL", key]:
                return self.delete(key)
            case ["DBSIZE"]:
                return len(self)
            case ["FLUSHALL"]:
                return self.flush()
        raise CommandError(
            f"Simple does not know {' '.join(map(str, command))}; it has GET SET [EX] DEL DBSIZE FLUSHALL"
        )


def _length(key: str) -> int:
    """Return the bytes of a key."""
    return len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))
