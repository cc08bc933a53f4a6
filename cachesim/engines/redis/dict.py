"""The hash table of Redis, as far as its order can be seen: which keys share neighbouring buckets.

Sampling for eviction and active expiry walk the buckets, so who is drawn depends on this order.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from zlib import crc32

from cachesim.engines.base import Random

INITIAL_SIZE = 4  # buckets (redis 7: dict.h, DICT_HT_INITIAL_SIZE)
MAX_LOAD = 1.618  # keys a bucket before a table grows whatever maxmemory says (redis 7: server.c)
MIN_FILL = 10  # per cent of the buckets; below it a table shrinks (redis 7: server.h)
POINTER = 8  # bytes a bucket


class Node:
    """What a bucket holds: a key, its hash and the next node of the chain."""

    __slots__ = ("hash", "key", "next")

    key: Any  # str; bytes for the fields of a hash
    hash: int
    next: Any  # Node or None


N = TypeVar("N", bound=Node)


def key_hash(key: bytes, seed: int) -> int:
    """Return a hash of 48 bits, the same in every process."""
    # SIMPLIFIED: Redis uses SipHash with a random secret. CRC-32 alone is linear and would lay
    # numbered keys out too evenly; the multiplication (Knuth's) breaks that.
    return crc32(key, seed) * 0x9E3779B1 >> 16


class Dict(Generic[N]):
    """Keys in chained buckets, 2^k of them; grows at load 1 and shrinks below 10 % fill.

    SIMPLIFIED: when the table changes its size all keys move at once. The memory of the old table
    still counts until the server would have moved them: two buckets with every new key, and the
    rest in its cron (redis 7: dict.c, dictRehash).

    Parameters
    ----------
    random : callable
        Gives a float in [0, 1).
    may_grow : callable
        Says whether a new table of so many bytes may be had (redis 7: server.c, dictExpandAllowed).
    charge : callable
        Told by how many bytes the memory of the tables has changed.
    """

    def __init__(
        self, random: Random, may_grow: Callable[[int], bool], charge: Callable[[int], None]
    ) -> None:
        self.random = random
        self.may_grow = may_grow
        self.charge = charge
        self.nodes: dict[Any, N] = {}  # the same keys by name: Python finds one faster than a chain
        self.table: list[N | None] = []
        self.mask = -1  # number of buckets - 1
        self._old = 0  # buckets of the old table that are still to be moved; 0: not rehashing
        self._old_bytes = 0

    @property
    def table_bytes(self) -> int:
        """Return the bytes of the table, and of the old one while keys move from it."""
        return POINTER * len(self.table) + self._old_bytes

    def add(self, node: N) -> None:
        """Put a node, whose key is absent, at the head of its bucket."""
        if self._old:
            self._old -= 2  # finding the place and adding move a bucket each
            if self._old <= 0:
                self.end_rehash()
        elif len(self.nodes) > self.mask:
            self._grow()
        bucket = node.hash & self.mask
        node.next = self.table[bucket]
        self.table[bucket] = node
        self.nodes[node.key] = node

    def remove(self, node: N) -> None:
        """Take a node out of its bucket."""
        del self.nodes[node.key]
        table, bucket = self.table, node.hash & self.mask
        before: Node | None = table[bucket]
        if before is node:
            table[bucket] = node.next
            return
        while before is not None and before.next is not node:
            before = before.next
        assert before is not None, f"{node.key} is in no bucket"
        before.next = node.next

    def clear(self) -> None:
        """Forget every key and free the tables."""
        self.charge(-self.table_bytes)
        self.nodes.clear()
        self.table, self.mask, self._old, self._old_bytes = [], -1, 0, 0

    def some(self, count: int) -> list[N]:
        """Return up to `count` nodes from consecutive buckets, from a random one on.

        Cheap, and biased: a key alone after a long gap is drawn more often. Of the last chain every
        key has its chance, by reservoir sampling. After `count` empty buckets (at least 5) the walk
        jumps elsewhere; it gives up after 10 × `count` buckets.
        """
        # redis 7: dict.c, dictGetSomeKeys
        found: list[N] = []
        count = min(count, len(self.nodes))
        steps, buckets = 10 * count, self.mask + 1
        while steps > 0:
            empty = 0
            for node in self._row(int(self.random() * buckets), steps):
                steps -= 1
                if node is not None:
                    empty = 0
                    while node is not None:
                        found.append(node)
                        node = node.next
                    if len(found) >= count:
                        return found if len(found) == count else self._reservoir(found, count)
                else:
                    empty += 1
                    if empty > count and empty >= 5:
                        break
        return found

    def _row(self, first: int, length: int) -> list[N | None]:
        """Return the heads of so many buckets in a row; after the last comes the first."""
        row = self.table[first : first + length]
        while len(row) < length:
            row += self.table[: length - len(row)]
        return row

    def _reservoir(self, found: list[N], count: int) -> list[N]:
        """Return `count` of the nodes: the later ones replace earlier ones at random."""
        kept = found[:count]
        for seen, node in enumerate(found[count:], count + 1):
            place = int(self.random() * seen)
            if place < count:
                kept[place] = node
        return kept

    def any(self) -> N:
        """Return one node: a random filled bucket, then a random node of its chain."""
        # redis 7: dict.c, dictGetRandomKey
        node, table, random, buckets = None, self.table, self.random, self.mask + 1
        while node is None:
            node = table[int(random() * buckets)]
        if node.next is None:
            return node
        chain = [node]
        while (node := node.next) is not None:
            chain.append(node)
        return chain[int(random() * len(chain))]

    def bucket(self, index: int) -> list[N]:
        """Return the nodes of one bucket, in the order of the chain."""
        chain, node = [], self.table[index]
        while node is not None:
            chain.append(node)
            node = node.next
        return chain

    def end_rehash(self) -> None:
        """Free the old table: its last key has moved."""
        self.charge(-self._old_bytes)
        self._old = self._old_bytes = 0

    def tidy(self) -> None:
        """Do what the cron does: shrink a table that is nearly empty, finish moving keys."""
        # redis 7: server.c, databasesCron: tryResizeHashTables and incrementallyRehash
        size = len(self.table)
        if size > INITIAL_SIZE and len(self.nodes) * 100 // size < MIN_FILL and not self._old:
            self._resize(max(len(self.nodes), INITIAL_SIZE))
        if self._old:
            self.end_rehash()

    def _grow(self) -> None:
        # redis 7: dict.c, _dictExpandIfNeeded
        if not self.table:
            self._resize(INITIAL_SIZE)
        elif len(self.nodes) > MAX_LOAD * len(self.table) or self.may_grow(
            POINTER * buckets_for(len(self.nodes) + 1)
        ):
            self._resize(len(self.nodes) + 1)

    def _resize(self, keys: int) -> None:
        self._old, self._old_bytes = len(self.table), POINTER * len(self.table)
        self.table = [None] * buckets_for(keys)
        self.mask = len(self.table) - 1
        self.charge(POINTER * len(self.table))
        for node in self.nodes.values():
            bucket = node.hash & self.mask
            node.next = self.table[bucket]
            self.table[bucket] = node


def buckets_for(keys: int) -> int:
    """Return the smallest table for so many keys: a power of two, at least 4.

    >>> buckets_for(3), buckets_for(5)
    (4, 8)
    """
    return max(INITIAL_SIZE, 1 << (keys - 1).bit_length())
