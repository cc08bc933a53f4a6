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
    bad_victim,
)
from cachesim.engines.policies import LRU
from cachesim.errors import BadInput, CommandError, OutOfMemory, PolicyError
from cachesim.slips import POLICY, check_shapes, never_began, slip
from cachesim.spec import Bytes, Count
from cachesim.units import MIB

INF = math.inf
_NEW = Entry.__new__


class Simple(EngineSpec):
    """A cache that any policy can be tried in; both limits hold, so many items need much memory too.

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


def policy_of(spec: Simple) -> EvictionPolicy:
    """Return the policy of one run. Raises what is wrong with the class."""
    name = getattr(spec.policy, "__name__", "the policy")
    try:
        policy = spec.policy()
    except TypeError as error:
        if never_began(error):
            raise slip("init", PolicyError, name=name) from error
        raise
    if not isinstance(policy, EvictionPolicy):
        raise slip("subclass", PolicyError, name=name, base="cs.EvictionPolicy")
    check_shapes(policy, POLICY)
    return policy


class SimpleEngine(Engine):
    """A running Simple cache. Expiry is lazy: dead from `expires` on, removed when next touched."""

    def __init__(self, spec: Simple, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self.memory_limit = spec.memory
        self.items_limit = math.inf if spec.items is None else spec.items
        self.entries: dict[str, Entry] = {}
        self.policy = policy_of(spec)
        self.policy.random = random
        self._on_add, self._on_use = self.policy.on_add, self.policy.on_use
        self._on_remove, self._victim = self.policy.on_remove, self.policy.victim

    def held_bytes(self, key: str) -> int:
        """Return the bytes of the value under a key, 0 if there is none."""
        entry = self.entries.get(key)
        return 0 if entry is None else len(entry.value)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None; side effects: an expired key is removed, a live one is a use."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.expires != INF:  # the clock is read only for those that can expire
            clock = self.clock
            if entry.expires <= clock():
                self._expire(entry)
                return None
        use = self._on_use
        use(entry)
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
        size = (len(key) if key.isascii() else _length(key)) + len(value)
        entry = self._alive(key) if key in self.entries else None
        clock = self.clock
        expires = INF if ttl == INF else clock() + ttl
        if entry is not None and size > self.memory_limit:
            self._remove(entry, EVICTED)
            self.evictions += 1
        elif entry is not None and self._overwrite(entry, value, size, expires):
            return
        entry = _NEW(Entry)  # as Entry(key, value, size, expires), at a third of the price
        entry.key, entry.value, entry.size, entry.expires = key, value, size, expires
        self._insert(entry)
        self._gone[key] = EVICTED

    def _alive(self, key: str) -> Entry | None:
        """Return the key's entry; one whose time is up is removed instead."""
        entry = self.entries.get(key)
        clock = self.clock
        if entry is not None and entry.expires != INF and entry.expires <= clock():
            self._expire(entry)
            return None
        return entry

    def _expire(self, entry: Entry) -> None:
        self.expirations += 1
        self._remove(entry, EXPIRED)

    def _insert(self, entry: Entry) -> None:
        """Make room, then store an entry whose key is absent."""
        size, entries = entry.size, self.entries
        room = self.memory_limit - size
        if room < 0:
            raise OutOfMemory(
                f'"{entry.key}" needs {size} bytes, more than the cache has ({self.memory_limit})'
            )
        while self.memory > room or len(entries) >= self.items_limit:
            self._evict()
        entries[entry.key] = entry
        self.memory += size
        add = self._on_add  # a local before the call: CPython 3.11 is faster so
        add(entry)

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
        victim, remove = self._victim, self._on_remove
        key = victim()
        try:
            entry = self.entries.pop(key)
        except (KeyError, TypeError):  # TypeError: a list, say, which is no key of a dict
            raise bad_victim(self.policy, key) from None
        # Not `_gone[key] = EVICTED` here: eviction is the usual way out, so it is noted on the way in, while
        # the key is at hand (measured: a replay is a fifth faster). The other ways note themselves.
        self.evictions += 1
        self.memory -= entry.size
        try:
            remove(entry)
        except (KeyError, ValueError) as error:
            name = f"{type(self.policy).__name__}.victim()"
            raise slip("victim removed", PolicyError, name=name) from error

    def _remove(self, entry: Entry, why: str) -> None:
        del self.entries[entry.key]
        self.memory -= entry.size
        self._gone[entry.key] = why
        self._on_remove(entry)

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """As Engine.read_through, faster while no key has a TTL: misses are told apart at the end."""
        if any(entry.expires < INF for entry in self.entries.values()):
            return super().read_through(keys, value)
        find, use, insert = self.entries.get, self._on_use, self._insert
        missed: list[str] = []
        try:
            for key in keys:
                entry = find(key)
                if entry is not None:
                    use(entry)
                else:
                    insert(Entry(key, value, _length(key) + len(value), INF))
                    missed.append(key)
        finally:
            first = dict.fromkeys(missed, EVICTED)  # the first miss of each key ...
            kinds = Counter(map(self.why_missed, first))
            kinds[EVICTED] += len(missed) - len(first)  # ... and the others: evicted in between
            self._gone.update(first)
        return +kinds

    def delete(self, key: str) -> bool:
        """Remove a key; return whether it was there and alive."""
        entry = self._alive(key)
        if entry is not None:
            self._remove(entry, INVALIDATED)
        return entry is not None

    def flush(self) -> None:
        """Lose everything."""
        for entry in list(self.entries.values()):
            self._remove(entry, LOST)

    def __len__(self) -> int:
        """Return the number of keys held, the expired but not yet removed ones included."""
        return len(self.entries)

    def execute(self, command: Command) -> Any:
        """Run a command; TTL answers seconds: inf without a TTL, None without the key.

        Raises
        ------
        CommandError
            Another command, or the wrong arguments.
        """
        match [str(command[0]).upper() if command else "", *command[1:]]:
            case ["GET", str(key)]:
                return self.get(key)
            case ["SET", str(key), bytes(value)]:
                return self.set(key, value)
            case ["SET", str(key), bytes(value), str(option), seconds] if option.upper() == "EX":
                return self.set(key, value, _seconds(seconds))
            case ["DEL", str(key)]:
                return self.delete(key)
            case ["EXISTS", str(key)]:
                return self._alive(key) is not None
            case ["TTL", str(key)]:
                return None if (entry := self._alive(key)) is None else entry.expires - self.clock()
            case ["DBSIZE"]:
                return len(self)
            case ["FLUSHALL"]:
                return self.flush()
        raise CommandError(
            f"Simple does not know {' '.join(map(str, command))!r}; it has GET key, SET key bytes [EX seconds], "
            "DEL key, EXISTS key, TTL key, DBSIZE, FLUSHALL"
        )


def _seconds(given: Any) -> float:
    """Return the TTL that a command names."""
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds > 0:
        raise CommandError(f"EX must be followed by seconds > 0, got {given!r}")
    return seconds


def _length(key: str) -> int:
    """Return the bytes of a key."""
    return len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))
