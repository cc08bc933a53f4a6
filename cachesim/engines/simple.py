"""The cache to read first: a dict, a clock, a limit and a policy.

The engine keeps the books. It notifies the policy of every change and asks it for a victim. Room is
made before a value is stored, so the bytes in use never exceed the limit.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cachesim.clock import Clock
from cachesim.engines import mistakes
from cachesim.engines.base import (
    EVICTED,
    EXPIRED,
    INVALIDATED,
    LOST,
    EngineSpec,
    Entry,
    EvictionPolicy,
    Random,
)
from cachesim.engines.policies import LRU
from cachesim.engines.simple_commands import SimpleCommands
from cachesim.errors import BadInput, OutOfMemory
from cachesim.spec import Bytes, Count
from cachesim.units import MIB

INF = math.inf
_NEW = Entry.__new__


class Simple(EngineSpec):
    """A cache for any eviction policy. Both limits hold: many items also need enough memory.

    >>> cache = Simple(items=1).build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> cache.set("a", b"1")
    >>> cache.set("b", b"2")
    >>> cache.get("a"), cache.why_missed("a"), cache.get("b")
    (None, 'evicted', b'2')
    """

    memory: Bytes = 4 * MIB  # limit on the bytes of keys and values
    items: Count | None = None  # limit on the number of keys; None: no limit
    policy: Callable[[], EvictionPolicy] = LRU  # makes the policy of one run

    @property
    def asks(self) -> bool:
        """Whether the policy may refuse to store a key."""
        policy: Any = self.policy if isinstance(self.policy, type) else self.policy()
        return bool(policy.defines("before_add"))

    @property
    def why_refused(self) -> str:  # type: ignore[override]
        """The reason for refusing to store a key."""
        return "not wanted by the policy" if self.asks else "larger than the whole cache"

    def build(self, clock: Clock, random: Random) -> "SimpleEngine":
        """Return a new, empty cache."""
        return SimpleEngine(self, clock, random)


class SimpleEngine(SimpleCommands):
    """A running Simple cache. Expiry is lazy: an expired key is removed when it is next touched."""

    def __init__(self, spec: Simple, clock: Clock, random: Random) -> None:
        super().__init__(clock, random)
        self.memory_limit = spec.memory
        self.items_limit = math.inf if spec.items is None else spec.items
        self.entries: dict[str, Entry] = {}
        self.policy = mistakes.policy_of(spec.policy)
        self.policy.random, self.policy.items = random, self.items_limit
        self._on_add, self._on_use = self.policy.on_add, self.policy.on_use
        self._on_remove, self._victim = self.policy.on_remove, self.policy.victim
        # The rare calls replace the usual ones, so that policies without them pay nothing.
        notifies = self.policy.defines("on_evict")
        self._on_evicted = self._notify_eviction if notifies else self._on_remove
        self.asks = self.policy.defines("before_add")
        if self.asks:
            self._insert = self._ask_and_insert  # type: ignore[method-assign]

    def held_bytes(self, key: str) -> int:
        """Return the bytes of the value under a key, 0 if there is none."""
        entry = self.entries.get(key)
        return 0 if entry is None else len(entry.value)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None. A live key counts as used, an expired key is removed."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        if entry.expires != INF:  # the clock is read only for keys that can expire
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
            The entry alone exceeds the limit. The key's old value is outdated and is dropped.
        """
        if not ttl > 0:
            raise BadInput(f"ttl must be > 0 seconds (inf for no limit), got {ttl}")
        size = (len(key) if key.isascii() else _length(key)) + len(value)
        entry = self.alive(key) if key in self.entries else None
        clock = self.clock
        expires = INF if ttl == INF else clock() + ttl
        if entry is not None and size > self.memory_limit:
            self._remove(entry, EVICTED)
            self.evictions += 1
        elif entry is not None and self._overwrite(entry, value, size, expires):
            return
        entry = _NEW(Entry)  # as Entry(key, value, size, expires), in a third of the time
        entry.key, entry.value, entry.size, entry.expires = key, value, size, expires
        # Most keys leave by eviction. To note it here, ahead of time, costs a fifth less.
        self._gone[key] = EVICTED
        self._insert(entry)

    def alive(self, key: str) -> Entry | None:
        """Return the key's entry, or None; an expired entry is removed."""
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
        add = self._on_add  # CPython 3.11 calls a local name faster
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
        """Replace a value in place; False if the key itself was evicted to make room."""
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
        except (KeyError, TypeError):  # TypeError: for example a list, which cannot be a key
            raise mistakes.bad_victim(self.policy, key) from None
        self.evictions += 1
        self.memory -= entry.size
        try:
            remove(entry)
        except (KeyError, ValueError) as error:
            raise mistakes.victim_removed(self.policy) from error

    def _notify_eviction(self, entry: Entry) -> None:
        self.policy.on_evict(entry)
        self._on_remove(entry)

    def _remove(self, entry: Entry, why: str) -> None:
        del self.entries[entry.key]
        self.memory -= entry.size
        self._gone[entry.key] = why
        self._on_remove(entry)

    def read_through(self, keys: Iterable[str], value: bytes) -> Counter[str]:
        """As Engine.read_through, but faster if no key has a TTL: the kinds are counted at the end."""
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
            first = dict.fromkeys(missed, EVICTED)  # the keys that missed, each once
            kinds = Counter(map(self.why_missed, first))  # of the first miss of each key
            kinds[EVICTED] += len(missed) - len(first)  # any later miss: evicted in between
            self._gone.update(first)
        return +kinds

    def delete(self, key: str) -> bool:
        """Remove a key; True if it was there and alive."""
        entry = self.alive(key)
        if entry is not None:
            self._remove(entry, INVALIDATED)
        return entry is not None

    def flush(self) -> None:
        """Lose everything."""
        for entry in list(self.entries.values()):
            self._remove(entry, LOST)

    def keys(self) -> Iterator[str]:
        """Iterate over the keys that are alive now; the expired stay where they are."""
        now = self.clock()
        return iter([key for key, entry in self.entries.items() if entry.expires > now])

    def __len__(self) -> int:
        """Return the number of keys held, including expired keys that are not removed yet."""
        return len(self.entries)


def _length(key: str) -> int:
    """Return the bytes of a key."""
    return len(key) if key.isascii() else len(key.encode("utf-8", "surrogateescape"))


def hits_of(policy: type[EvictionPolicy], items: int, keys: Iterable[str]) -> int:
    """Count the hits of reads that store every key they miss, in a cache of `items` keys.

    >>> hits_of(LRU, items=2, keys="aba"), hits_of(LRU, items=1, keys="aba")
    (1, 0)
    """
    cache = Simple(items=items, policy=policy).build(lambda: 0.0, lambda: 0.5)
    keys = list(keys)
    return len(keys) - sum(cache.read_through(keys, b"").values())
