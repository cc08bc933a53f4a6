"""The hash: fields with values under one key, a listpack while small, then a hash table."""

from cachesim.engines.redis import memory
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.dict import Dict, Node, key_hash
from cachesim.engines.redis.types import listpack
from cachesim.engines.redis.types.value import Value

DICT = 56  # bytes of a dict without its tables (redis 7: dict.h)


class Hash(Value):
    """Fields and values; what becomes of them in the server's memory is reckoned alongside.

    SIMPLIFIED: fields are listed in the order they came, also from a hash table; only HSCAN and
    the random draws see the buckets.
    """

    type = "hash"

    def __init__(self, db: Keyspace) -> None:
        self.db = db
        self.values: dict[bytes, bytes] = {}
        self.table: Dict[Node] | None = None  # None: a listpack
        self.content = 0  # bytes of the fields and values, without listpack or table around them

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self.values)

    @property
    def encoding(self) -> str:
        """Return "listpack" or "hashtable"."""
        return "listpack" if self.table is None else "hashtable"

    @property
    def size(self) -> int:
        """Return the bytes the hash costs, its key not."""
        quantum = self.db.quantum
        value = memory.allocated(memory.OBJECT, quantum)
        if self.table is None:
            return value + memory.allocated(listpack.EMPTY + self.content, quantum)
        table = memory.allocated(DICT, quantum) + self.table.table_bytes
        return value + table + self.content

    @property
    def usage(self) -> int:
        """Return the bytes as MEMORY USAGE reckons them: dict and entries as they were asked for."""
        # redis 7: object.c, objectComputeSize
        rounded = {n: memory.allocated(n, self.db.quantum) - n for n in (DICT, memory.ENTRY)}
        if self.table is None:
            return self.size
        return self.size - rounded[DICT] - len(self.values) * rounded[memory.ENTRY]

    def put(self, field: bytes, value: bytes) -> bool:
        """Store a value; return whether the field is new."""
        # redis 7: t_hash.c, hashTypeSet
        settings = self.db.hash_limits
        if self.table is None and max(len(field), len(value)) > settings.value:
            self.use_table()
        old = self.values.get(field)
        if old is not None:
            self.content -= self._pair_bytes(field, old)
        self.values[field] = value
        self.content += self._pair_bytes(field, value)
        if old is None and self.table is not None:
            self.table.add(self._node(field))
        if self.table is None and len(self.values) > settings.entries:
            self.use_table()
        return old is None

    def remove(self, field: bytes) -> bool:
        """Remove a field; return whether it was there."""
        # redis 7: t_hash.c, hashTypeDelete
        value = self.values.pop(field, None)
        if value is None:
            return False
        self.content -= self._pair_bytes(field, value)
        if self.table is not None:
            self.table.remove(self.table.nodes[field])
            self.table.tidy()
        return True

    def use_table(self) -> None:
        """Become a hash table, for good (redis 7: t_hash.c, hashTypeConvertListpack)."""
        self.table = Dict(self.db.random, lambda table: True, lambda change: None)
        for field in self.values:
            self.table.add(self._node(field))
        self.table.tidy()  # the server makes the table as large as is needed at once
        self.content = sum(self._pair_bytes(*pair) for pair in self.values.items())

    def copy(self) -> "Hash":
        """Return another hash with the same fields, in the same encoding."""
        other = Hash(self.db)
        other.values = dict(self.values)
        other.content = self.content
        if self.table is not None:
            other.use_table()
        return other

    def _node(self, field: bytes) -> Node:
        node = Node()
        node.key, node.hash = field, key_hash(field, self.db.secret)
        return node

    def _pair_bytes(self, field: bytes, value: bytes) -> int:
        if self.table is None:
            return listpack.element_bytes(field) + listpack.element_bytes(value)
        quantum = self.db.quantum
        text = memory.allocated(memory.sds(len(value)), quantum)
        return memory.key_bytes(len(field), quantum) + text
