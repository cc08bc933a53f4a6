"""The cache to read first: a dict, a clock, a limit and a policy.

The engine keeps the books; the policy is told of every change and asked for a victim. The bytes in use
never exceed the limit after a command, because room is made before anything is stored.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from cachesim.clock import Clock
from cachesim.engines import mistakes
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
    Work,
)
from cachesim.engines.policies import LRU
from cachesim.errors import BadInput, CommandError, OutOfMemory
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

    @property
    def asks(self) -> bool:
        """Whether the policy may refuse to store a key."""
        policy: Any = self.policy if isinstance(self.policy, type) else self.policy()
        return bool(policy.defines("before_add"))

    @property
    def why_refused(self) -> str:  # type: ignore[override]
        """Why it refuses to store."""
        return "not wanted by the policy" if self.asks else "larger than the whole cache"

    def build(self, clock: Clock, random: Random) -> "SimpleEngine":
        """Return a new, empty cache."""
        return SimpleEngine(self, clock, random)


class SimpleEngine(Engine):
    """A running Simple cache. Expiry is lazy: dead from `expires` on, removed when next touched."""

    def __init__(self, spec: Simple, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self.memory_limit = spec.memory
        self.items_limit = math.inf if spec.items is None else spec.items
        self.entries: dict[str, Entry] = {}
        self.policy = mistakes.policy_of(spec.policy)
        self.policy.random, self.policy.items = random, self.items_limit
        self._on_add, self._on_use = self.policy.on_add, self.policy.on_use
        self._on_remove, self._victim = self.policy.on_remove, self.policy.victim
        # The rarer calls take the place of others, so that policies without them pay nothing.
        tells = self.policy.defines("on_evict")
        self._on_evicted = self._tell_of_eviction if tells else self._on_remove
        self.asks = self.policy.defines("before_add")
        if self.asks:
            self._insert = self._ask_and_insert  # type: ignore[method-assign]

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
        # Eviction is the usual way out: noted here, while the key is at hand, it costs a fifth less.
        self._gone[key] = EVICTED
        self._insert(entry)

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
            self.refuse(entry.key)
            raise OutOfMemory(
                f'"{entry.key}" needs {size} bytes, more than the cache has ({self.memory_limit})'
            )
        while self.memory > room or len(entries) >= self.items_limit:
            self._evict()
        entries[entry.key] = entry
        self.memory += size
        add = self._on_add  # a local before the call: CPython 3.11 is faster so
        add(entry)

    def _ask_and_insert(self, entry: Entry) -> None:
        """Insert the entry if the policy wants it and it could fit at all."""
        is_wanted: Any = entry.size > self.memory_limit or self.policy.before_add(entry)
        if not isinstance(is_wanted, bool):
            raise mistakes.bad_answer(self.policy, is_wanted)
        if is_wanted:
            SimpleEngine._insert(self, entry)
        else:
            self.refuse(entry.key)

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
        victim, remove = self._victim, self._on_evicted
        key = victim()
        try:
            entry = self.entries.pop(key)
        except (KeyError, TypeError):  # TypeError: a list, say, which is no key of a dict
            raise mistakes.bad_victim(self.policy, key) from None
        self.evictions += 1
        self.memory -= entry.size
        try:
            remove(entry)
        except (KeyError, ValueError) as error:
            raise mistakes.victim_removed(self.policy) from error

    def _tell_of_eviction(self, entry: Entry) -> None:
        self.policy.on_evict(entry)
        self._on_remove(entry)

    def _remove(self, entry: Entry, why: str) -> None:
        del self.entries[entry.key]
        self.memory -= entry.size
        self._gone[entry.key] = why
        self._on_remove(entry)

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """As Engine.read_through, but faster if no key has a TTL: misses are told apart at the end."""
        if self.asks or any(entry.expires < INF for entry in self.entries.values()):
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

    def work(self, command: Command) -> Work:
        """Return the work that a command would ask of its node: GET replies a value, SET stores one."""
        match [str(command[0]).upper() if command else "", *command[1:]]:
            case ["GET", str(key)]:
                return Work(bytes=self.held_bytes(key))
            case ["SET", str(), bytes(value), *_]:
                return Work(bytes=len(value))
            case ["FLUSHALL"]:
                return Work(keys=max(1, len(self)))
        return Work()

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
