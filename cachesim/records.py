"""The data that moves through a run: the values in the caches, the records of the history.

A `Value` travels: bytes that begin with the id of the write that made them. A record is written down:
a plain tuple: one per finished request (columns REQUEST), one per sample of the tiers (columns SAMPLE), and
with a fleet one per sample of a node (columns NODE_SAMPLE).
"""

from ast import literal_eval
from collections.abc import Callable
from struct import Struct
from typing import Any, NamedTuple, Self

from cachesim.slips import slip

_STAMP = Struct(">Q")
read_stamp = _STAMP.unpack_from  # read_stamp(value) -> (write id,)
STAMP_SIZE = _STAMP.size  # bytes
FIRST_ANSWER = (
    2**52
)  # the numbers of query results count up from here: no write has such an id, and a float holds it
FIRST_WRITE = 1  # ids count up from here; 0 marks the rows as they were loaded before the run


class Value(bytes):
    """The bytes of one row: the id of the write that made it (8 bytes), then data or padding.

    >>> value = Value.stamp(7, size=100)
    >>> value.write, len(value)
    (7, 100)
    """

    __slots__ = ()

    @classmethod
    def stamp(cls, write: int, size: int) -> Self:
        """Return a value of `size` bytes (at least 8) made by the write with this id."""
        return cls(_STAMP.pack(write).ljust(size, b"."))

    @property
    def write(self) -> int:
        """The id of the write that made this value."""
        return int(read_stamp(self)[0])

    def decode(self, *_how: Any, **_named: Any) -> str:
        """Refuse: a row is no text. `json.loads` ends here, too."""
        raise slip("value used")

    def __repr__(self) -> str:
        return f"Value(write={self.write}, {len(self)} bytes)"


class Query(str):
    """A SELECT with its parameters; as the key of a request, it is the query's name in the history.

    >>> Query.of("SELECT key FROM items WHERE category = ?", 7)
    'SELECT key FROM items WHERE category = ? (7)'
    """

    __slots__ = ("parameters", "sql")
    sql: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, sql: str, *parameters: Any) -> Self:
        """Name a query."""
        query = cls(f"{' '.join(sql.split())} ({', '.join(map(repr, parameters))})")
        query.sql, query.parameters = sql, parameters
        return query


class Answer(Value):
    """The result of a query, as bytes: a number that names the query and its version, then the rows.

    A cache gives it back as a Value; `Answer(value).rows` are its rows again. `versions` holds key -> version of
    each row that the result depends on, as the database had them: only in the answer that the database gave.

    >>> answer = Answer.stamped(1, [("a", 20)], {"a": 3})
    >>> answer.rows, answer.versions
    ([('a', 20)], {'a': 3})
    """

    versions: dict[str, int]

    @classmethod
    def stamped(cls, number: int, rows: list[tuple[Any, ...]], versions: dict[str, int]) -> Self:
        """Make the bytes of an answer."""
        answer = cls(_STAMP.pack(number) + repr(rows).encode())
        answer.versions = versions
        return answer

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the result."""
        rows: list[tuple[Any, ...]] = literal_eval(bytes(self[STAMP_SIZE:]).decode())
        return rows


Record = tuple[Any, ...]
Sink = Callable[[Record], Any]

REQUEST = (
    "client",  # number of the client that asked
    "op",  # "read" or "write"
    "key",
    "begin",  # seconds: when the request was invoked
    "end",  # seconds: when its answer was there
    "lookup",  # "hit" or the kind of miss; None if the cache was not asked
    "write",  # id of the write whose value was returned (read) or that this request is (write)
    "version",  # the key's version of that value: 0 as loaded, 1, 2, ... at each commit; None: no row
    "acknowledged",  # newest version of the key acknowledged to its writer when the request began
    "committed",  # newest version of the key committed in the database when the request began
    "error",  # what made it fail, None if it succeeded
)

FLEET_REQUEST = (  # what a request's record has besides, if the cache is a fleet
    "node",  # name of the node that answered the request's first get; None: none did
    "hops",  # redirects that its commands followed, and times that its topology was renewed
)


class TierRow(NamedTuple):
    """One kind of tier: where a strategy finds it, and its counters in a sample."""

    place: str  # the attribute of `app`: app.cache, app.db
    counters: tuple[str, ...]


CACHE, DATABASE = "cache", "database"
REPLICA = "replica"  # what pictures call a read replica of the database
TIERS = {  # kind of tier -> what faults, samples and plots know of it
    CACHE: TierRow(
        "cache",
        (
            "memory",  # bytes the cache uses
            "items",  # keys the cache holds
            "evictions",  # so far
            "expirations",  # so far
            "cache_errors",  # commands that the cache refused or never answered, so far
            "cache_busy",  # seconds a worker of the cache has been busy so far, the mean over its workers
        ),
    ),
    DATABASE: TierRow(
        "db",
        (
            "db_queries",  # begun so far
            "db_busy",  # seconds a connection has been busy so far, the mean over the pool
        ),
    ),
}
SAMPLE = (
    "begin",  # seconds: when the sample was taken
    *(name for row in TIERS.values() for name in row.counters),
    "retries",  # calls of a tier that were repeated, so far
    "timeouts",  # calls of a tier that their client gave up, so far
)


COPY, SOLE, OTHER = "copy", "only copy", "command"
LOST = {  # what was lost -> what the loss means
    COPY: "the database has the row: a fill, or a write that went to both; it costs a miss or an old copy",
    SOLE: "no other place has the value: the data is gone",
    OTHER: "a deletion, or a command without a row's value, such as INCR: its effect is gone",
}


class SnapshotTaken(NamedTuple):
    """A snapshot that a cache node has begun."""

    time: float  # seconds: when it began
    node: str  # name of the node
    pause: float  # seconds for which the node stood still: the fork
    end: float  # seconds: when the file was complete, or the child died; nan: not in this run
    size: int  # bytes of the file
    memory: int  # bytes of the node when it began
    copied: int  # bytes of pages that were copied because they changed meanwhile
    complete: bool  # whether the file was written to its end


class RefusedCommands(NamedTuple):
    """Commands that a cache refused in one minute, because of who sent them."""

    begin: float  # seconds: when the minute began
    node: str  # name of the node
    reason: str  # "auth", "no login", "tls", "command", "key" or "channel"
    commands: int


class ConsumedUnits(NamedTuple):
    """The units of capacity that a table of DynamoDB gave in one second."""

    begin: float  # seconds
    kind: str  # read or write
    units: float
    throttled: int  # attempts for which there were too few


class LostWrite(NamedTuple):
    """One key of a write that a primary had taken, and that the primaries do not have any more."""

    time: float  # seconds: when the primary took it; in a restart, the time of the restart
    key: str | None  # None: all keys, as of FLUSHALL
    write: int | None  # id of the write whose value it was; None: a deletion, or another command
    node: str  # name of the primary that took it
    what: str = ""  # one of LOST; the end of the run tells


class SlotMove(NamedTuple):
    """A slot of a cluster that has moved from one shard to another."""

    time: float  # seconds: when the target became its owner
    slot: int
    source: str  # name of the primary that had it
    target: str  # name of the primary that has it now
    keys: int  # that moved with it


PRIMARY, FOLLOWER, SPARE, SILENT = "primary", "replica", "spare", "silent"
ROLES = {  # of a node of a fleet -> what it does
    PRIMARY: "it takes the writes of its part of the keys",
    FOLLOWER: "it copies a primary",
    SPARE: "it has no keys of its own: it stands in for another node, or has left the fleet",
    SILENT: "nobody hears of it: it is down, cut off, or stands still",
}
NODE_SAMPLE = (  # of one node of a fleet
    "begin",  # seconds: when the sample was taken
    "node",  # its name
    "role",  # what it is then, one of ROLES
    *TIERS[CACHE].counters,
    "lag",  # seconds that a replica is behind its primary; 0: it has everything, or is the primary
    "crossed",  # bytes that clients in other zones have sent to it, or got from it, so far
)
