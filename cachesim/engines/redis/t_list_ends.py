"""The list commands that add and remove at the ends, as redis 7 has them in t_list.c."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import NOT_POSITIVE, SYNTAX, Arguments, at_least, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import CountedKeys
from cachesim.engines.redis.list_value import LEFT, RIGHT, List
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import NULL_ARRAY, Reply
from cachesim.engines.redis.structure import grown, opened, shortened, value_in
from cachesim.errors import CommandError

PUSHED = {LEFT: "lpush", RIGHT: "rpush"}
POPPED = {LEFT: "lpop", RIGHT: "rpop"}


def side_of(part: bytes) -> str:
    """Read LEFT or RIGHT. Raises CommandError."""
    side = text(part).upper()
    if side not in (LEFT, RIGHT):
        raise CommandError(SYNTAX)
    return side


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
    grown(db, key, entry, changed)
    if db.notified:
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
    shortened(db, key, "l", POPPED[side])
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
    element = found.pop(start)
    push(db, target, (element,), end)
    shortened(db, source, "l", POPPED[start])
    return element


# What a command would reply


def would_pop(side: str) -> Callable[..., Reply]:
    """Make the function that tells what a pop would reply."""

    def replies(db: Keyspace, key: str, *count: bytes) -> Reply:
        return ends(db, key, side, at_least(0, count[0], NOT_POSITIVE) if count else 1)

    return replies


def would_pop_first(db: Keyspace, *parts: bytes) -> Reply:
    """Tell what LMPOP would reply."""
    keys, side, count = several(parts)
    found = ((key, ends(db, key, side, count)) for key in keys)
    return next(([as_bytes(key), elements] for key, elements in found if elements), None)


def would_move(db: Keyspace, key: str, target: str, start: bytes = b"RIGHT", *end: bytes) -> Reply:
    """Tell what LMOVE or RPOPLPUSH would reply."""
    return ends(db, key, side_of(start), 1)


def ends(db: Keyspace, key: str, side: str, count: int) -> list[bytes]:
    """Return up to `count` elements at a side of a list, if there is one."""
    found = value_in(db.find(key), List)
    return [] if found is None else list(islice(found if side == LEFT else reversed(found), count))


def popped_several(db: Any, argv: Arguments, reply: Any) -> Command:
    """LMPOP and BLMPOP: the pop of as many elements as there were."""
    parts = argv[1 + (argv[0][:1] in b"bB") :]
    _, side, _ = several(tuple(parts))
    return ("LPOP" if side == LEFT else "RPOP", reply[0], len(reply[1]))


PUSH = "write denyoom fast"
COMMANDS = table(
    RedisCommand("LMOVE", "key key argument argument", "write denyoom", lmove, replies=would_move),
    RedisCommand(
        "LMPOP", "argument argument argument [argument ...]", "write movablekeys", lmpop, replies=would_pop_first,
        propagates=popped_several, keys=CountedKeys(1),
    ),
    RedisCommand("LPOP", "key [argument]", "write fast", lpop, replies=would_pop(LEFT)),
    RedisCommand("LPUSH", "key value [value ...]", PUSH, lpush),
    RedisCommand("LPUSHX", "key value [value ...]", PUSH, lpushx),
    RedisCommand("RPOP", "key [argument]", "write fast", rpop, replies=would_pop(RIGHT)),
    RedisCommand("RPOPLPUSH", "key key", "write denyoom", rpoplpush, replies=would_move),
    RedisCommand("RPUSH", "key value [value ...]", PUSH, rpush),
    RedisCommand("RPUSHX", "key value [value ...]", PUSH, rpushx),
)  # fmt: skip
