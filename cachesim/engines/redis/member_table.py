"""The hash table within a value: of a set, of a large hash, of a large sorted set (redis 7: dict.c)."""

from collections.abc import Iterable

from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hashtable import DictEntry, HashTable, key_hash

DICT = 56  # bytes of a dict without its tables (redis 7: dict.h)


class MemberTable(HashTable[DictEntry]):
    """The members in their buckets: what a cursor walks over, and what the table takes.

    SIMPLIFIED: when it shrinks, the old table goes at once. The server keeps it until later
    commands on the same key have moved its buckets.
    """

    def __init__(self, db: Keyspace, members: Iterable[bytes] = (), steps: int = 2) -> None:
        super().__init__(db.random, lambda table: True, lambda change: None)
        self.secret, self.steps = db.secret, steps
        for member in members:
            self.put(member)
        self.tidy()  # the server makes the table large enough at once

    def _resize(self, keys: int) -> None:
        filled = sum(head is not None for head in self.buckets)
        super()._resize(keys)
        if self.steps == 1 and self._old:
            self._old = filled  # redis 7: dict.c, dictRehash: a step passes over empty buckets

    def put(self, member: bytes) -> None:
        """Add a member that is absent."""
        entry = DictEntry()
        entry.key, entry.hash = member, key_hash(member, self.secret)
        self.add(entry)

    def drop(self, member: bytes) -> None:
        """Remove a member that is there."""
        self.remove(self.entries[member])
        self.tidy()
