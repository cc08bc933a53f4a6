"""SCAN and HSCAN: a walk over a hash table in steps, which misses no key that stays.

The cursor counts with its bits reversed. When the table grows or shrinks between two calls, the
buckets that were seen are split or merged into buckets that count as seen too.
"""

from typing import Any, NamedTuple, Protocol, TypeVar

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import type_name
from cachesim.errors import CommandError

USUAL_COUNT = 10  # keys wanted from one call
BUCKETS_PER_KEY = 10  # buckets looked at for each key wanted, before a call ends

T = TypeVar("T")


class ScannedTable(Protocol[T]):
    """A table over which a cursor walks."""

    entries: dict[Any, Any]
    mask: int

    def bucket(self, index: int) -> list[T]:
        """Return the keys of one bucket."""


class ScanOptions(NamedTuple):
    """The options after the cursor."""

    wanted: int = USUAL_COUNT  # keys from one call
    pattern: bytes | None = None
    type: str | None = None

    @classmethod
    def read(cls, parts: tuple[bytes, ...], has_type: bool = False) -> "ScanOptions":
        """Read [MATCH pattern] [COUNT n] [TYPE type]. Raises CommandError."""
        found = cls()
        for at in range(0, len(parts), 2):
            name, value = text(parts[at]).upper(), parts[at + 1 : at + 2]
            if name == "COUNT" and value:
                found = found._replace(wanted=integer(value[0]))
                if found.wanted < 1:
                    raise CommandError(SYNTAX)
            elif name == "MATCH" and value:
                found = found._replace(pattern=value[0])
            elif name == "TYPE" and value and has_type:
                found = found._replace(type=text(value[0]).lower())
            else:
                raise CommandError(SYNTAX)
        return found

    def wants(self, name: bytes) -> bool:
        """Whether the name matches the pattern."""
        return self.pattern in (None, b"*") or glob(self.pattern or b"")(name)


def walk(keys: ScannedTable[T], position: int, count: int) -> tuple[int, list[T]]:
    """Return the next cursor (0 at the end) and about `count` keys of a table, in whole buckets."""
    # redis 7: db.c, scanGenericCommand
    found: list[T] = []
    for _ in range(count * BUCKETS_PER_KEY + 1):
        if keys.entries:
            found += keys.bucket(position & keys.mask)
            position = after(position & keys.mask, keys.mask.bit_length())
        else:
            position = 0
        if not position or len(found) >= count:
            break
    return position, found


def after(position: int, bits: int) -> int:
    """Return the next bucket: one is added to the highest bit, and carried downward.

    >>> after(0, bits=3), after(4, bits=3), after(7, bits=3)
    (4, 2, 0)
    """
    # redis 7: dict.c, dictScan
    bit = 1 << bits >> 1
    while position & bit:
        position ^= bit
        bit >>= 1
    return position | bit


def scan(db: Keyspace, position: int, *parts: bytes) -> Reply:
    """SCAN cursor [MATCH pattern] [COUNT n] [TYPE type]."""
    given = ScanOptions.read(parts, has_type=True)
    position, entries = walk(db.table, position, given.wanted)
    return [b"%d" % position, [as_bytes(e.key) for e in entries if is_wanted(db, e.key, given)]]


def scanned(db: Keyspace, position: int, *parts: bytes) -> int:
    """Estimate the number of keys that a SCAN looks at."""
    return min(len(db.table.entries), ScanOptions.read(parts, has_type=True).wanted)


def is_wanted(db: Keyspace, key: str, given: ScanOptions) -> bool:
    """Whether a key lives and has the pattern and the type that are asked for."""
    if not given.wants(as_bytes(key)):
        return False
    if given.type is None:
        return db.find(key) is not None
    entry = db.read(key, touch=False)
    return entry is not None and type_name(entry.value) == given.type


def keys(db: Keyspace, pattern: bytes) -> Reply:
    """KEYS pattern: dead keys are left out, and not removed."""
    given = ScanOptions(pattern=pattern)
    living = (e for e in db.table.entries.values() if e.when is None or db.now <= e.when)
    return [name for entry in living if given.wants(name := as_bytes(entry.key))]


def every_key(db: Keyspace, *parts: bytes) -> int:
    """Count the keys of the selected database: KEYS and FLUSHDB look at each."""
    return len(db.table.entries)


COMMANDS = table(
    RedisCommand("KEYS", "pattern", "readonly", keys, replies=keys, walks=every_key),
    RedisCommand("SCAN", "cursor [option ...]", "readonly", scan, replies=scan, walks=scanned),
)
