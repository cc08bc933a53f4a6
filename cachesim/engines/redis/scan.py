"""SCAN and its kin: a walk over a hash table in steps, which misses no key that stays.

The cursor counts with its bits reversed: when the table grows or shrinks between two calls, the
buckets already seen are just those that the ones seen before were split into or merged to.
"""

import re
from typing import NamedTuple, TypeVar

from cachesim.engines.redis.command import (
    NO_KEYS,
    SYNTAX,
    Arguments,
    Command,
    Reply,
    every_key,
    integer,
    text,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.dict import Dict, Node
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.types.value import type_name
from cachesim.errors import CommandError

USUAL_COUNT = 10  # keys wanted from one call
BUCKETS_PER_KEY = 10  # buckets looked at for each key wanted, before a call ends
_CURSOR = re.compile(rb"[+-]?[0-9]+|")

N = TypeVar("N", bound=Node)


class Options(NamedTuple):
    """What comes after the cursor."""

    wanted: int = USUAL_COUNT  # keys from one call
    pattern: bytes | None = None
    type: str | None = None

    def wants(self, name: bytes) -> bool:
        """Return whether the name matches the pattern."""
        return self.pattern in (None, b"*") or glob(self.pattern or b"")(name)


def cursor(part: bytes) -> int:
    """Return a cursor of 64 bits. Raises CommandError."""
    # redis 7: db.c, parseScanCursorOrReply; C's strtoul takes a sign, and nothing for 0
    part = part.split(b"\0", 1)[0]
    if not _CURSOR.fullmatch(part) or len(part) > 1000 or abs(int(part or b"0")) >= 1 << 64:
        raise CommandError("ERR invalid cursor")
    return int(part or b"0") % (1 << 64)


def options(argv: Arguments, first: int, has_type: bool = False) -> Options:
    """Return [MATCH pattern] [COUNT n] [TYPE type]. Raises CommandError."""
    found = Options()
    for at in range(first, len(argv), 2):
        name, value = text(argv[at]).upper(), argv[at + 1 : at + 2]
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


def walk(table: Dict[N], position: int, count: int) -> tuple[int, list[N]]:
    """Return the next cursor, 0 at the end, and the nodes of about `count` keys' buckets."""
    # redis 7: db.c, scanGenericCommand
    found: list[N] = []
    for _ in range(count * BUCKETS_PER_KEY + 1):
        if table.nodes:
            found += table.bucket(position & table.mask)
            position = after(position & table.mask, table.mask.bit_length())
        else:
            position = 0
        if not position or len(found) >= count:
            break
    return position, found


def after(position: int, bits: int) -> int:
    """Return the bucket that follows: one is added to the highest bit, and carried downward.

    >>> after(0, bits=3), after(4, bits=3), after(7, bits=3)
    (4, 2, 0)
    """
    # redis 7: dict.c, dictScan
    bit = 1 << bits >> 1
    while position & bit:
        position ^= bit
        bit >>= 1
    return position | bit


def scan(db: Keyspace, argv: Arguments) -> Reply:
    """SCAN cursor [MATCH pattern] [COUNT n] [TYPE type]."""
    position = cursor(argv[1])
    given = options(argv, 2, has_type=True)
    position, nodes = walk(db.keys, position, given.wanted)
    return [b"%d" % position, [as_bytes(n.key) for n in nodes if is_wanted(db, n.key, given)]]


def scanned(db: Keyspace, argv: Arguments) -> int:
    """Return about how many keys a SCAN looks at."""
    return min(len(db.keys.nodes), options(argv, 2, has_type=True).wanted)


def is_wanted(db: Keyspace, key: str, given: Options) -> bool:
    """Return whether a key lives and is asked for."""
    if not given.wants(as_bytes(key)):
        return False
    if given.type is None:
        return db.find(key) is not None
    entry = db.read(key, touch=False)
    return entry is not None and type_name(entry.value) == given.type


def keys(db: Keyspace, argv: Arguments) -> Reply:
    """KEYS pattern: the dead are left out, and left where they are."""
    given = Options(pattern=argv[1])
    living = (e for e in db.keys.nodes.values() if e.when is None or db.now <= e.when)
    return [name for entry in living if given.wants(name := as_bytes(entry.key))]


COMMANDS = {
    "KEYS": Command(2, "readonly", keys, NO_KEYS, replies=keys, walks=every_key),
    "SCAN": Command(-2, "readonly", scan, NO_KEYS, replies=scan, walks=scanned),
}
