"""The list commands, as redis 7 has them in t_list.c; the list itself is in list_value.py."""

from collections.abc import Callable, Iterable, Iterator

from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import (
    SYNTAX,
    at_least,
    integer,
)
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.keys import NO_KEY
from cachesim.engines.redis.list_value import LEFT, RIGHT, List
from cachesim.engines.redis.listpack import packed
from cachesim.engines.redis.rdb_reader import Load, RdbReader, in_listpack, in_ziplist
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import kept, shortened, value_in
from cachesim.errors import CommandError

LEAST = -(1 << 63)  # its negative overflows to itself, so the server skips nothing
OUT_OF_RANGE = "ERR index out of range"
NO_RANK = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
    "or use negative to start from the end of the list"
)


def llen(db: Keyspace, key: str) -> Reply:
    """LLEN key."""
    found = value_in(db.read(key), List)
    return 0 if found is None else len(found)


def lindex(db: Keyspace, key: str, index: bytes) -> Reply:
    """LINDEX key index: below 0 from the right."""
    found = value_in(db.read(key), List)
    return None if found is None else found.at(integer(index))


def lrange(db: Keyspace, key: str, start: int, end: int) -> Reply:
    """LRANGE key start stop: both included, below 0 from the right."""
    found = value_in(db.read(key), List)
    if found is None:
        return []
    first, last = within(len(found), start, end)
    return found.between(first, last) if first <= last else []


def within(count: int, start: int, end: int) -> tuple[int, int]:
    """Return the first and the last index of a range among `count` elements; (1, 0) if it is empty.

    >>> within(5, -2, 9), within(5, 3, 1)
    ((3, 4), (1, 0))
    """
    # redis 7: t_list.c, addListRangeReply
    start = max(0, start + count * (start < 0))
    end += count * (end < 0)
    return (1, 0) if start > end or start >= count else (start, min(end, count - 1))


def ltrim(db: Keyspace, key: str, start: int, end: int) -> Reply:
    """LTRIM key start stop: keep only this range."""
    changed = value_in(db.write(key), List)
    if changed is None:
        return "OK"
    count = len(changed)
    first, last = within(count, start, end)
    left, right = (count, 0) if first > last else (first, count - 1 - last)
    changed.delete(0, left)
    changed.delete(len(changed) - right, right)
    if left or right:
        db.counted = left + right
        shortened(db, key, "l", "ltrim")
    else:
        db.event("l", "ltrim", key)
    return "OK"


def lset(db: Keyspace, key: str, index: bytes, element: bytes) -> Reply:
    """LSET key index element."""
    entry = db.write(key)
    changed = value_in(entry, List)
    if changed is None:
        raise CommandError(NO_KEY)
    if not changed.replace(integer(index), element):
        raise CommandError(OUT_OF_RANGE)
    kept(db, key, entry, changed)
    db.event("l", "lset", key)
    return "OK"


def linsert(db: Keyspace, key: str, side: bytes, pivot: bytes, element: bytes) -> Reply:
    """LINSERT key BEFORE | AFTER pivot element: the new length; -1 without the pivot."""
    sides = {b"BEFORE": LEFT, b"AFTER": RIGHT}
    if side.upper() not in sides:
        raise CommandError(SYNTAX)
    entry = db.write(key)
    changed = value_in(entry, List)
    if changed is None:
        return 0
    if not changed.insert(pivot, element, sides[side.upper()]):
        return -1
    kept(db, key, entry, changed)
    db.event("l", "linsert", key)
    return len(changed)


def lrem(db: Keyspace, key: str, count: int, element: bytes) -> Reply:
    """LREM key count element: below 0 from the right, 0 all of them."""
    changed = value_in(db.write(key), List)
    if changed is None:
        return 0
    removed = changed.remove(element, abs(count), RIGHT if count < 0 else LEFT)
    if removed:
        shortened(db, key, "l", "lrem")
    return removed


def lpos(db: Keyspace, key: str, element: bytes, *options: bytes) -> Reply:
    """LPOS key element [RANK rank] [COUNT matches] [MAXLEN length]: where it stands."""
    rank, count, most = lpos_options(options)
    found = value_in(db.read(key), List)
    places = [] if found is None else list(matches(found, element, rank, count, most))
    if count is not None:
        return places
    return places[0] if places else None


def lpos_options(options: tuple[bytes, ...]) -> tuple[int, int | None, int]:
    """Read the options of LPOS: rank, count and length. Raises CommandError."""
    rank, count, most = 1, None, 0
    for name, *value in (options[at : at + 2] for at in range(0, len(options), 2)):
        if name.upper() == b"RANK" and value:
            rank = integer(value[0])
            if rank == 0:
                raise CommandError(NO_RANK)
        elif name.upper() == b"COUNT" and value:
            count = at_least(0, value[0], "ERR COUNT can't be negative")
        elif name.upper() == b"MAXLEN" and value:
            most = at_least(0, value[0], "ERR MAXLEN can't be negative")
        else:
            raise CommandError(SYNTAX)
    return rank, count, most


def matches(found: List, element: bytes, rank: int, count: int | None, most: int) -> Iterator[int]:
    """Yield the indexes of an element, from the match with that rank on; below 0 from the right."""
    length, wanted = len(found), 1 if count is None else count
    skip = 0 if rank == LEAST else abs(rank) - 1
    for index, item in enumerate(found if rank > 0 else reversed(found)):
        if most and index >= most:
            return
        if item == element:
            if skip:
                skip -= 1
                continue
            yield index if rank > 0 else length - 1 - index
            wanted -= 1
            if wanted == 0:
                return


def dump(found: List) -> bytes:
    """Write a list for an RDB file: the number of nodes, then each as a listpack."""
    # redis 7: rdb.c, RDB_TYPE_LIST_QUICKLIST_2
    kind = rdb_parts.length(PACKED)
    nodes = (kind + rdb_parts.text(packed(node.items)) for node in found.nodes)
    return rdb_parts.length(len(found.nodes)) + b"".join(nodes)


def filled(db: Keyspace, elements: Iterable[bytes]) -> List:
    """Make a list of these elements."""
    made = List(db)
    for element in elements:
        made.push(element, RIGHT)
    return made


def in_nodes(reader: RdbReader, db: Keyspace, unpack: Callable[[bytes], list[bytes]]) -> List:
    """Read a list whose nodes are packed; they stay as they are."""
    made = List(db)
    for _ in range(reader.length()):
        made.append_node(unpack(reader.text()))
    return made


def in_quicklist(reader: RdbReader, db: Keyspace) -> List:
    """Read a list of nodes, each a listpack, or one large element."""
    made = List(db)
    for _ in range(reader.length()):
        kind, node = reader.length(), reader.text()
        made.append_node([node] if kind == PLAIN else in_listpack(node))
    return made


PLAIN, PACKED = 1, 2  # a node that holds one large element, and a listpack
DUMPS = {List: (18, dump)}
LOADS: dict[int, Load] = {
    1: lambda reader, db: filled(db, reader.texts()),
    10: lambda reader, db: filled(db, in_ziplist(reader.text())),
    14: lambda reader, db: in_nodes(reader, db, in_ziplist),
    18: in_quicklist,
}
COMMANDS = table(
    RedisCommand("LINDEX", "key argument", "readonly", lindex, replies=lindex),
    RedisCommand("LINSERT", "key argument argument value", "write denyoom", linsert),
    RedisCommand("LLEN", "key", "readonly fast", llen),
    RedisCommand("LPOS", "key argument [option ...]", "readonly", lpos),
    RedisCommand("LRANGE", "key integer integer", "readonly", lrange, replies=lrange),
    RedisCommand("LREM", "key integer argument", "write", lrem),
    RedisCommand("LSET", "key argument value", "write denyoom", lset),
    RedisCommand("LTRIM", "key integer integer", "write", ltrim),
)  # fmt: skip
