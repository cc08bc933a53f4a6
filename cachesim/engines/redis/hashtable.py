"""The hash table of Redis, as far as its order can be seen: which keys stand in neighbouring buckets.

Eviction and active expiry sample neighbouring buckets, so this order decides which keys they see.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from zlib import crc32

from cachesim.engines.base import Random

INITIAL_SIZE = 4  # buckets (redis 7: dict.h, DICT_HT_INITIAL_SIZE)
MAX_LOAD = (
    1.618  # keys per bucket; above it a table grows whatever maxmemory says (redis 7: server.c)
)
MIN_FILL = 10  # per cent of the buckets; below it a table shrinks (redis 7: server.h)
POINTER = 8  # bytes per bucket


class DictEntry:
    """What a bucket holds: a key, its hash and the next entry of the chain (redis 7: dictEntry)."""

    __slots__ = ("hash", "key", "next")

    key: Any  # str; bytes for the fields of a hash
    hash: int
    next: Any  # DictEntry or None


E = TypeVar("E", bound=DictEntry)


def key_hash(key: bytes, seed: int) -> int:
    """Return a hash of 48 bits, the same in every process."""
    # SIMPLIFIED: Redis uses SipHash with a random secret. CRC-32 alone is linear: it would spread
    # numbered keys too evenly. The multiplication (Knuth's) breaks that.
    return crc32(key, seed) * 0x9E3779B1 >> 16


class TableSize:
    """How many buckets a table has, and what they take; keys and buckets are elsewhere.

    It grows at one key per bucket and shrinks below 10 % fill.

    SIMPLIFIED: when the table changes its size, all keys move at once. The memory of the old table
    still counts until the server would have moved them: two buckets with every new key, and the
    rest in its cron (redis 7: dict.c, dictRehash).

    Parameters
    ----------
    may_grow : callable
        Says whether a new table of so many bytes is allowed (redis 7: server.c, dictExpandAllowed).
    charge : callable
        Is called with the number of bytes by which the memory of the tables has changed.
    """

    steps = 2  # buckets that the server moves with a new key: it looks for the key, then adds it
    entries: dict[Any, Any]  # the keys

    def __init__(self, may_grow: Callable[[int], bool], charge: Callable[[int], None]) -> None:
        self.may_grow = may_grow
        self.charge = charge
        self.mask = -1  # number of buckets - 1
        self.table_bytes = 0  # of the table, and of the old one while keys move from it
        self._old = 0  # buckets of the old table that are still to be moved; 0: not rehashing
        self._old_bytes = 0

    def widen(self, keys: int) -> None:
        """Be ready for one key more than there are."""
        if self._old:
            self._old -= self.steps
            if self._old <= 0:
                self.end_rehash()
        elif keys > self.mask:
            self._grow(keys)

    def end_rehash(self) -> None:
        """Free the old table: its last key has moved."""
        self._take(-self._old_bytes)
        self._old = self._old_bytes = 0

    def tidy(self) -> None:
        """Do the cron's part: shrink a table that is nearly empty, finish moving keys."""
        # redis 7: server.c, databasesCron: tryResizeHashTables and incrementallyRehash
        keys, size = len(self.entries), self.mask + 1
        if size > INITIAL_SIZE and keys * 100 // size < MIN_FILL and not self._old:
            self._resize(keys, max(keys, INITIAL_SIZE))
        if self._old:
            self.end_rehash()

    def _grow(self, keys: int) -> None:
        # redis 7: dict.c, _dictExpandIfNeeded
        if self.mask < 0:
            self._resize(keys, INITIAL_SIZE)
        elif keys > MAX_LOAD * (self.mask + 1) or self.may_grow(POINTER * buckets_for(keys + 1)):
            self._resize(keys, keys + 1)

    def _resize(self, keys: int, wanted: int) -> None:
        """Make a table for the wanted number of keys, when it holds so many."""
        self._old, self._old_bytes = self.mask + 1, POINTER * (self.mask + 1)
        self.mask = buckets_for(wanted) - 1
        self._take(POINTER * (self.mask + 1))

    def _take(self, change: int) -> None:
        self.table_bytes += change
        self.charge(change)


class HashTable(TableSize, Generic[E]):
    """Keys in 2^k chained buckets; `random` gives a float in [0, 1), for the rest see `TableSize`."""

    def __init__(
        self, random: Random, may_grow: Callable[[int], bool], charge: Callable[[int], None]
    ) -> None:
        super().__init__(may_grow, charge)
        self.random = random
        # the same by key: Python finds one faster than by its chain
        self.entries: dict[Any, E] = {}
        self.buckets: list[E | None] = []

    def add(self, entry: E) -> None:
        """Put an entry, whose key is absent, at the head of its bucket."""
        self.widen(len(self.entries))
        bucket = entry.hash & self.mask
        entry.next = self.buckets[bucket]
        self.buckets[bucket] = entry
        self.entries[entry.key] = entry

    def remove(self, entry: E) -> None:
        """Take an entry out of its bucket."""
        del self.entries[entry.key]
        buckets, bucket = self.buckets, entry.hash & self.mask
        before: DictEntry | None = buckets[bucket]
        if before is entry:
            buckets[bucket] = entry.next
            return
        while before is not None and before.next is not entry:
            before = before.next
        assert before is not None, f"{entry.key} is in no bucket"
        before.next = entry.next

    def clear(self) -> None:
        """Forget every key and free the tables."""
        self._take(-self.table_bytes)
        self.entries.clear()
        self.buckets, self.mask, self._old, self._old_bytes = [], -1, 0, 0

    def some(self, count: int) -> list[E]:
        """Return up to `count` entries from consecutive buckets. The first bucket is random.

        This is cheap, and biased: a key alone after a long gap is drawn more often. If the last
        chain holds more keys than are wanted, reservoir sampling gives each its chance. After
        `count` empty buckets (at least 5) the walk jumps elsewhere. It gives up after 10 × `count`
        buckets.
        """
        # redis 7: dict.c, dictGetSomeKeys
        found: list[E] = []
        count = min(count, len(self.entries))
        steps, buckets = 10 * count, self.mask + 1
        while steps > 0:
            empty = 0
            for entry in self._row(int(self.random() * buckets), steps):
                steps -= 1
                if entry is not None:
                    empty = 0
                    while entry is not None:
                        found.append(entry)
                        entry = entry.next
                    if len(found) >= count:
                        return found if len(found) == count else self._reservoir(found, count)
                else:
                    empty += 1
                    if empty > count and empty >= 5:
                        break
        return found

    def _row(self, first: int, length: int) -> list[E | None]:
        """Return the heads of `length` buckets in a row. The first bucket follows the last."""
        row = self.buckets[first : first + length]
        while len(row) < length:
            row += self.buckets[: length - len(row)]
        return row

    def _reservoir(self, found: list[E], count: int) -> list[E]:
        """Return `count` of the entries: the later ones replace earlier ones at random."""
        kept = found[:count]
        for seen, entry in enumerate(found[count:], count + 1):
            place = int(self.random() * seen)
            if place < count:
                kept[place] = entry
        return kept

    def any(self) -> E:
        """Return one entry: a random filled bucket, then a random entry of its chain."""
        # redis 7: dict.c, dictGetRandomKey
        entry, table, random, buckets = None, self.buckets, self.random, self.mask + 1
        while entry is None:
            entry = table[int(random() * buckets)]
        if entry.next is None:
            return entry
        chain = [entry]
        while (entry := entry.next) is not None:
            chain.append(entry)
        return chain[int(random() * len(chain))]

    def bucket(self, index: int) -> list[E]:
        """Return the entries of one bucket, in the order of the chain."""
        chain, entry = [], self.buckets[index]
        while entry is not None:
            chain.append(entry)
            entry = entry.next
        return chain

    def _resize(self, keys: int, wanted: int) -> None:
        super()._resize(keys, wanted)
        self.buckets = [None] * (self.mask + 1)
        for entry in self.entries.values():
            bucket = entry.hash & self.mask
            entry.next = self.buckets[bucket]
            self.buckets[bucket] = entry


def buckets_for(keys: int) -> int:
    """Return the size of the smallest table for `keys` keys: a power of two, at least 4.

    >>> buckets_for(3), buckets_for(5)
    (4, 8)
    """
    return max(INITIAL_SIZE, 1 << (keys - 1).bit_length())
