"""The list commands, as redis 7 has them in t_list.c; the list itself is in list_value.py."""

import math
from collections.abc import Iterator
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import SYNTAX, Arguments, integer, text
from cachesim.engines.redis.command import (
    NULL_ARRAY,
    Block,
    Counted,
    Positions,
    RedisCommand,
    Reply,
    table,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.keys import NO_KEY
from cachesim.engines.redis.list_value import LEFT, RIGHT, List
from cachesim.engines.redis.memory import HIGHEST, as_bytes, as_integer
from cachesim.engines.redis.structure import kept, opened, value_in
from cachesim.errors import CommandError

OUT_OF_RANGE = "ERR index out of range"
NOT_POSITIVE = "ERR value is out of range, must be positive"
NO_RANK = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
    "or use negative to start from the end of the list"
)
PUSHED = {LEFT: "lpush", RIGHT: "rpush"}
POPPED = {LEFT: "lpop", RIGHT: "rpop"}


# Reading the arguments


def side_of(part: bytes) -> str:
    """Read LEFT or RIGHT. Raises CommandError."""
    side = text(part).upper()
    if side not in (LEFT, RIGHT):
        raise CommandError(SYNTAX)
    return side


def at_least(lowest: int, part: bytes, error: str) -> int:
    """Read a number from `lowest` on; for any other argument raise CommandError with this text."""
    # redis 7: object.c, getRangeLongFromObjectOrReply
    number = as_integer(part)
    if number is None or number < lowest:
        raise CommandError(error)
    return number


def seconds_of(part: bytes) -> float:
    """Read how long a command waits; 0: for ever. Raises CommandError."""
    # redis 7: timeout.c, getTimeoutFromObjectOrReply
    try:
        seconds = float(part) if part and not part[:1].isspace() else math.nan
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds) or math.isinf(seconds) or b"_" in part:
        raise CommandError("ERR timeout is not a float or out of range")
    if seconds < 0:
        raise CommandError("ERR timeout is negative")
    if seconds * 1000 > HIGHEST:
        raise CommandError("ERR timeout is out of range")
    return seconds


# At the ends


def lpush(db: Keyspace, key: str, *elements: bytes) -> Reply:
    """LPUSH key element [element ...]: the new length."""
    return push(db, key, elements, LEFT)


def rpush(db: Keyspace, key: str, *elements: bytes) -> Reply:
    """RPUSH key element [element ...]: the new length."""
    return push(db, key, elements, RIGHT)


def lpushx(db: Keyspace, key: str, *elements: bytes) -> Reply:
    """LPUSHX key element [element ...]: only if the list exists."""
    return push(db, key, elements, LEFT, only_old=True)


def rpushx(db: Keyspace, key: str, *elements: bytes) -> Reply:
    """RPUSHX key element [element ...]: only if the list exists."""
    return push(db, key, elements, RIGHT, only_old=True)


def push(
    db: Keyspace, key: str, elements: tuple[bytes, ...], side: str, only_old: bool = False
) -> int:
    """Add elements at a side, one after the other. Return the new length."""
    entry, changed = opened(db, key, List)
    if entry is None and only_old:
        return 0
    for element in elements:
        changed.push(element, side)
    kept(db, key, entry, changed)
    db.event("l", PUSHED[side], key)
    return changed.count


def lpop(db: Keyspace, key: str, *count: bytes) -> Reply:
    """LPOP key [count]."""
    return pop(db, key, LEFT, count)


def rpop(db: Keyspace, key: str, *count: bytes) -> Reply:
    """RPOP key [count]."""
    return pop(db, key, RIGHT, count)


def pop(db: Keyspace, key: str, side: str, count: tuple[bytes, ...]) -> Reply:
    """Remove one element, or up to `count`, from a side."""
    wanted = at_least(0, count[0], NOT_POSITIVE) if count else 1
    entry = db.write(key)
    if value_in(entry, List) is None:
        return NULL_ARRAY if count else None
    if not wanted:
        return []
    taken = take(db, key, side, wanted)
    return taken if count else taken[0]


def take(db: Keyspace, key: str, side: str, count: int) -> list[bytes]:
    """Remove up to `count` elements from a side of a list that exists."""
    entry = db.find(key)
    assert entry is not None
    changed: List = entry.value
    taken = [changed.pop(side) for _ in range(min(count, len(changed)))]
    kept(db, key, entry, changed)
    db.event("l", POPPED[side], key)
    if not changed.count:
        db.event("g", "del", key)
    return taken


def lmpop(db: Keyspace, *parts: bytes) -> Reply:
    """LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]: from the first list that exists."""
    keys, side, count = several(parts)
    return pop_first(db, keys, side, count)


def pop_first(db: Keyspace, keys: list[str], side: str, count: int) -> Reply:
    """Remove up to `count` elements from the first list that exists; reply with its key."""
    for key in keys:
        if value_in(db.write(key), List) is not None:
            return [as_bytes(key), take(db, key, side, count)]
    return NULL_ARRAY


def several(parts: tuple[bytes, ...]) -> tuple[list[str], str, int]:
    """Read numkeys key [key ...] LEFT | RIGHT [COUNT count]. Raises CommandError."""
    # redis 7: t_list.c, lmpopGenericCommand
    number = at_least(1, parts[0], "ERR numkeys should be greater than 0")
    if number + 1 >= len(parts):
        raise CommandError(SYNTAX)
    keys, side, options = parts[1 : number + 1], side_of(parts[number + 1]), parts[number + 2 :]
    if not options:
        return list(map(text, keys)), side, 1
    if len(options) < 2 or options[0].upper() != b"COUNT":
        raise CommandError(SYNTAX)
    count = at_least(1, options[1], "ERR count should be greater than 0")
    if len(options) > 2:
        raise CommandError(SYNTAX)
    return list(map(text, keys)), side, count


# From list to list


def lmove(db: Keyspace, source: str, target: str, start: bytes, end: bytes) -> Reply:
    """LMOVE source destination LEFT | RIGHT LEFT | RIGHT."""
    return move(db, source, target, side_of(start), side_of(end))


def rpoplpush(db: Keyspace, source: str, target: str) -> Reply:
    """RPOPLPUSH source destination."""
    return move(db, source, target, RIGHT, LEFT)


def move(db: Keyspace, source: str, target: str, start: str, end: str) -> Reply:
    """Take an element from one list and give it to another one, or to the same."""
    found = value_in(db.write(source), List)
    if found is None:
        return None
    value_in(db.write(target), List)
    if source == target:
        element = found.pop(start)
        found.push(element, end)
        entry = db.find(source)
        assert entry is not None
        db.resize(entry)
        db.event("l", PUSHED[end], source)
        db.event("l", POPPED[start], source)
        return element
    (element,) = take(db, source, start, 1)
    push(db, target, (element,), end)
    return element


# Waiting for an element


def blpop(db: Keyspace, *parts: bytes) -> Reply:
    """BLPOP key [key ...] seconds."""
    return pop_with_key(db, parts, LEFT)


def brpop(db: Keyspace, *parts: bytes) -> Reply:
    """BRPOP key [key ...] seconds."""
    return pop_with_key(db, parts, RIGHT)


def pop_with_key(db: Keyspace, parts: tuple[bytes, ...], side: str) -> Reply:
    """Remove an element from the first list that exists; reply with its key and the element."""
    *keys, patience = parts
    seconds_of(patience)
    found = pop_first(db, list(map(text, keys)), side, 1)
    return [found[0], *found[1]] if isinstance(found, list) else found


def wait_to_pop(name: bytes) -> Any:
    """Return what BLPOP or BRPOP waits for."""

    def blocks(db: Keyspace, *parts: bytes) -> Block:
        *keys, patience = parts
        return Block(
            tuple(map(text, keys)),
            seconds_of(patience),
            List,
            lambda key: [name, as_bytes(key), b"0"],
        )

    return blocks


def blmpop(db: Keyspace, patience: bytes, *parts: bytes) -> Reply:
    """BLMPOP seconds numkeys key [key ...] LEFT | RIGHT [COUNT count]."""
    keys, side, count = several(parts)
    seconds_of(patience)
    return pop_first(db, keys, side, count)


def wait_to_pop_several(db: Keyspace, patience: bytes, *parts: bytes) -> Block:
    """Return what BLMPOP waits for."""
    keys, side, count = several(parts)
    rest = [side.encode(), b"COUNT", b"%d" % count]
    return Block(
        tuple(keys),
        seconds_of(patience),
        List,
        lambda key: [b"BLMPOP", b"0", b"1", as_bytes(key), *rest],
    )


def blmove(
    db: Keyspace, source: str, target: str, start: bytes, end: bytes, patience: bytes
) -> Reply:
    """BLMOVE source destination LEFT | RIGHT LEFT | RIGHT seconds."""
    sides = side_of(start), side_of(end)
    seconds_of(patience)
    return move(db, source, target, *sides)


def wait_to_move(db: Keyspace, source: str, target: str, *parts: bytes) -> Block:
    """Return what BLMOVE and BRPOPLPUSH wait for."""
    *sides, patience = parts
    name = b"BLMOVE" if sides else b"BRPOPLPUSH"
    again = [name, as_bytes(source), as_bytes(target), *sides, b"0"]
    return Block((source,), seconds_of(patience), List, lambda key: again)


def brpoplpush(db: Keyspace, source: str, target: str, patience: bytes) -> Reply:
    """BRPOPLPUSH source destination seconds."""
    seconds_of(patience)
    return move(db, source, target, RIGHT, LEFT)


# Anywhere


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
    entry = db.write(key)
    changed = value_in(entry, List)
    if changed is None:
        return "OK"
    count = len(changed)
    first, last = within(count, start, end)
    left, right = (count, 0) if first > last else (first, count - 1 - last)
    changed.delete(0, left)
    changed.delete(len(changed) - right, right)
    if left or right:
        kept(db, key, entry, changed)
    db.event("l", "ltrim", key)
    if not changed.count:
        db.event("g", "del", key)
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
    entry = db.write(key)
    changed = value_in(entry, List)
    if changed is None:
        return 0
    removed = changed.remove(element, abs(count), RIGHT if count < 0 else LEFT)
    if removed:
        kept(db, key, entry, changed)
        db.event("l", "lrem", key)
        if not changed.count:
            db.event("g", "del", key)
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
    length, skip, wanted = len(found), abs(rank) - 1, 1 if count is None else count
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


# For replicas and files


def popped(db: Any, argv: Arguments, reply: Any) -> Command:
    """BLPOP and BRPOP: the pop alone."""
    return (argv[0][1:].upper(), reply[0])


def popped_several(db: Any, argv: Arguments, reply: Any) -> Command:
    """LMPOP and BLMPOP: the pop of as many elements as there were."""
    parts = argv[1 + (argv[0][:1] in b"bB") :]
    _, side, _ = several(tuple(parts))
    return ("LPOP" if side == LEFT else "RPOP", reply[0], len(reply[1]))


def moved(db: Any, argv: Arguments, reply: Any) -> Command:
    """BLMOVE and BRPOPLPUSH: the same without waiting."""
    return (argv[0][1:].upper(), *argv[1:-1])


def dump(found: List) -> bytes:
    """Write a list for an RDB file: the number of elements, then each; the reader makes the nodes."""
    # redis 7: rdb.c, RDB_TYPE_LIST
    return rdb_parts.length(len(found)) + b"".join(map(rdb_parts.text, found))


DUMPS = {List: (1, dump)}
PUSH = "write denyoom fast"
WAITS = "write blocking"
COMMANDS = table(
    RedisCommand(
        "BLMOVE", "key key argument argument argument", "write denyoom blocking", blmove,
        propagates=moved, blocks=wait_to_move,
    ),
    RedisCommand(
        "BLMPOP", "argument argument argument argument [argument ...]", "write blocking movablekeys", blmpop,
        propagates=popped_several, blocks=wait_to_pop_several, keys=Counted(2),
    ),
    RedisCommand(
        "BLPOP", "argument argument [argument ...]", WAITS, blpop,
        propagates=popped, blocks=wait_to_pop(b"BLPOP"), keys=Positions(1, -2, 1),
    ),
    RedisCommand(
        "BRPOP", "argument argument [argument ...]", WAITS, brpop,
        propagates=popped, blocks=wait_to_pop(b"BRPOP"), keys=Positions(1, -2, 1),
    ),
    RedisCommand(
        "BRPOPLPUSH", "key key argument", "write denyoom blocking", brpoplpush,
        propagates=moved, blocks=wait_to_move,
    ),
    RedisCommand("LINDEX", "key argument", "readonly", lindex, replies=lindex),
    RedisCommand("LINSERT", "key argument argument value", "write denyoom", linsert),
    RedisCommand("LLEN", "key", "readonly fast", llen),
    RedisCommand("LMOVE", "key key argument argument", "write denyoom", lmove),
    RedisCommand(
        "LMPOP", "argument argument argument [argument ...]", "write movablekeys", lmpop,
        propagates=popped_several, keys=Counted(1),
    ),
    RedisCommand("LPOP", "key [argument]", "write fast", lpop),
    RedisCommand("LPOS", "key argument [option ...]", "readonly", lpos),
    RedisCommand("LPUSH", "key value [value ...]", PUSH, lpush),
    RedisCommand("LPUSHX", "key value [value ...]", PUSH, lpushx),
    RedisCommand("LRANGE", "key integer integer", "readonly", lrange, replies=lrange),
    RedisCommand("LREM", "key integer argument", "write", lrem),
    RedisCommand("LSET", "key argument value", "write denyoom", lset),
    RedisCommand("LTRIM", "key integer integer", "write", ltrim),
    RedisCommand("RPOP", "key [argument]", "write fast", rpop),
    RedisCommand("RPOPLPUSH", "key key", "write denyoom", rpoplpush),
    RedisCommand("RPUSH", "key value [value ...]", PUSH, rpush),
    RedisCommand("RPUSHX", "key value [value ...]", PUSH, rpushx),
)  # fmt: skip
