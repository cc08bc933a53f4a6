"""The content of a database: its keys with their values, and those of them that have a TTL."""

from collections.abc import Callable, Set
from typing import Any, NamedTuple

from cachesim.engines.redis.hashtable import DictEntry, HashTable

DATABASES = 16  # redis.conf's `databases`
LONGEST_STRING = 512 * 1024 * 1024  # bytes: proto-max-bulk-len
TEXT = -1  # `room` of a string of digits that is not stored as an integer (INCRBYFLOAT's result)


class ListpackLimits(NamedTuple):
    """The limits up to which a small collection stays a listpack."""

    entries: int = 512
    value: int = 64  # bytes of one element


class NodeLimits(NamedTuple):
    """The limits up to which entries of a stream share a node; 0: none."""

    entries: int = 100
    bytes: int = 4096


class KeyspaceSettings:
    """What CONFIG SET may change in an engine, with the server's defaults; and where snapshots are."""

    disk: Any  # keeps the snapshots: persistence.Disk
    persists = False  # whether a restart loads the last one
    lfu_log_factor = 10
    lfu_decay_time = 1  # minutes
    hz = 10  # ticks of the cron per second
    longest_string = LONGEST_STRING
    hash_limits = ListpackLimits()
    zset_limits = ListpackLimits(entries=128)
    set_limit = 512  # set-max-intset-entries
    hll_sparse_bytes = 3000  # hll-sparse-max-bytes
    list_fill = -2  # list-max-listpack-size
    stream_limits = NodeLimits()
    # Of a server of clients: its process, who follows CONFIG SET, and who does CONFIG REWRITE.
    process_id = 1
    after_settings: Callable[[Set[str]], None] | None = None
    rewrite_file: Callable[[], None] | None = None


class KeyEntry(DictEntry):
    """A key with its value. The bits of `lru` are a time or, under LFU, a minute and a counter."""

    __slots__ = ("key_size", "length", "lru", "room", "value", "value_size", "when")

    value: Any  # bytes for a string, a Structure for any other type
    length: int  # bytes that GET replies: of a string, 0 for any other type
    key_size: int  # bytes, without the TTL and the tables
    value_size: int  # bytes, as computed when the value was stored
    lru: int  # 24 bits: policy.py
    when: int | None  # milliseconds of Unix time; None: never expires
    room: int | None  # bytes that a string changed in place may grow to; TEXT; None: stored by SET


class ExpiryEntry(DictEntry):
    """A key in the table of keys with a TTL."""

    __slots__ = ("entry",)

    entry: KeyEntry


class NumberedDatabase:
    """One of the databases that SELECT chooses: its tables, and why keys left it."""

    def __init__(
        self, index: int, table: HashTable[KeyEntry], expires: HashTable[ExpiryEntry]
    ) -> None:
        self.index = index
        self.table = table
        self.expires = expires
        self.gone: dict[str, str] = {}  # key -> why it was last removed
        self.expires_cursor = 0  # the bucket at which active expiry continues
        self.average_ttl = 0  # milliseconds, estimated by active expiry

    def tidy(self) -> None:
        """Do the cron's part: shrink tables that are nearly empty; no TTL, no average."""
        self.table.tidy()
        self.expires.tidy()
        if not self.expires.entries:
            self.average_ttl = 0


class NumberedDatabases(KeyspaceSettings):
    """All databases of an engine, and the selected one. The keyspace (db.py) has the other names."""

    databases: dict[int, NumberedDatabase]  # those that were ever selected
    random: Callable[[], float]
    memory: int  # bytes
    limit: float  # bytes

    def database(self, index: int) -> NumberedDatabase:
        """Return a database by its number. It is made when it is first asked for."""
        if index not in self.databases:
            tables = [HashTable[Any](self.random, self._may_grow, self._charge) for _ in range(2)]
            self.databases[index] = NumberedDatabase(index, *tables)
            self.databases = dict(sorted(self.databases.items()))
        return self.databases[index]

    def select(self, index: int) -> None:
        """Work on that database from now on (redis 7: db.c, selectDb)."""
        self.selected = index
        database = self.database(index)
        self.table, self.expires, self._gone = database.table, database.expires, database.gone

    def swap(self, first: int, second: int) -> None:
        """Let two databases change places, for every client."""
        one, other = self.database(first), self.database(second)
        one.index, other.index = second, first
        self.databases[second], self.databases[first] = one, other
        self.select(self.selected)

    def _charge(self, change: int) -> None:
        self.memory += change

    def _may_grow(self, table: int) -> bool:
        # redis 7: server.c, dictExpandAllowed
        return self.memory + table <= self.limit
