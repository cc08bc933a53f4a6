"""The hash: fields with values under one key. It is a listpack while small, then a hash table."""

from cachesim.engines.redis import listpack, memory
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.member_table import DICT, MemberTable
from cachesim.engines.redis.structure import Structure


class Hash(Structure):
    """Fields and values, with the bytes that they would take in the server's memory.

    SIMPLIFIED: fields are listed in the order in which they were added, even from a hash table.
    Only HSCAN sees the buckets.
    """

    type = "hash"

    def __init__(self, db: Keyspace) -> None:
        self.db = db
        self.values: dict[bytes, bytes] = {}
        self.table: MemberTable | None = None  # None: a listpack
        self.content = 0  # bytes of the fields and values, without listpack or table around them
        self.around: int = db.allocated[memory.OBJECT]  # bytes that do not depend on the fields

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self.values)

    @property
    def encoding(self) -> str:
        """Either "listpack" or "hashtable"."""
        return "listpack" if self.table is None else "hashtable"

    @property
    def size(self) -> int:
        """The bytes of the hash, without its key."""
        if self.table is None:
            packed: int = self.db.allocated[listpack.EMPTY + self.content]
            return self.around + packed
        return self.around + self.table.table_bytes + self.content

    @property
    def usage(self) -> int:
        """The bytes as MEMORY USAGE counts them: dict and entries before the allocator rounds up."""
        # redis 7: object.c, objectComputeSize
        rounded = {n: memory.allocated(n, self.db.quantum) - n for n in (DICT, memory.ENTRY)}
        if self.table is None:
            return self.size
        return self.size - rounded[DICT] - len(self.values) * rounded[memory.ENTRY]

    def put(self, field: bytes, value: bytes) -> bool:
        """Store a value. True if the field is new."""
        # redis 7: t_hash.c, hashTypeSet
        if self.table is None and max(len(field), len(value)) > self.db.hash_limits.value:
            self.use_table()
        old = self.values.get(field)
        if old is not None:
            self.content -= self._pair_bytes(field, old)
        elif self.table is not None:
            self.table.put(field)
        self.values[field] = value
        self.content += self._pair_bytes(field, value)
        if self.table is None and len(self.values) > self.db.hash_limits.entries:
            self.use_table()
        return old is None

    def remove(self, field: bytes) -> bool:
        """Remove a field. True if it was there."""
        # redis 7: t_hash.c, hashTypeDelete
        value = self.values.pop(field, None)
        if value is None:
            return False
        self.content -= self._pair_bytes(field, value)
        if self.table is not None:
            self.table.drop(field)
        return True

    def use_table(self) -> None:
        """Become a hash table; it never turns back (redis 7: t_hash.c, hashTypeConvertListpack)."""
        self.table = MemberTable(self.db, self.values)
        self.around += self.db.allocated[DICT]
        self.content = sum(self._pair_bytes(*pair) for pair in self.values.items())

    def copy(self) -> "Hash":
        """Return another hash with the same fields, in the same encoding."""
        other = Hash(self.db)
        other.values = dict(self.values)
        other.content = self.content
        if self.table is not None:
            other.use_table()
        return other

    def _pair_bytes(self, field: bytes, value: bytes) -> int:
        if self.table is None:
            return listpack.element_bytes(field) + listpack.element_bytes(value)
        pair: int = self.db.key_bytes[len(field)] + self.db.text_bytes[len(value)]
        return pair
