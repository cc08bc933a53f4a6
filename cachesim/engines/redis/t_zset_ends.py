"""The commands that remove the first or the last members of sorted sets; some wait for one (redis 7: t_zset.c)."""

from collections.abc import Callable
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import NOT_POSITIVE, SYNTAX, Arguments, at_least, text
from cachesim.engines.redis.command import KeyBlock, RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import CountedKeys, Positions
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.reply import NULL_ARRAY, Pairs, Reply
from cachesim.engines.redis.structure import shortened, value_in
from cachesim.engines.redis.t_list_waits import seconds_of
from cachesim.engines.redis.zset_value import Pair, SortedSet
from cachesim.errors import CommandError

FIRST, LAST = 0, -1
ENDS = {"MIN": FIRST, "MAX": LAST}
NAMES = {FIRST: "ZPOPMIN", LAST: "ZPOPMAX"}


def take(db: Keyspace, key: str, end: int, count: int) -> list[Pair]:
    """Remove up to `count` members from an end of a set that exists."""
    entry = db.find(key)
    assert entry is not None
    taken = [entry.value.pop(end) for _ in range(min(count, len(entry.value)))]
    if taken:
        shortened(db, key, "z", NAMES[end].lower())
    return taken


def pops(end: int) -> Callable[..., Reply]:
    """Make ZPOPMIN or ZPOPMAX."""

    def function(db: Keyspace, key: str, *count: bytes) -> Reply:
        if len(count) > 1:
            raise CommandError(SYNTAX)
        wanted = at_least(0, count[0], NOT_POSITIVE) if count else 1
        if value_in(db.write(key), SortedSet) is None:
            return []
        taken = [[member, score] for score, member in take(db, key, end, wanted)]
        return Pairs(taken) if count else taken[0]

    function.__doc__ = f"{NAMES[end]} key [count]."
    return function


def would_pop(end: int) -> Callable[..., Reply]:
    """Make the function that tells what ZPOPMIN or ZPOPMAX would reply."""

    def replies(db: Keyspace, key: str, *count: bytes) -> Reply:
        found = value_in(db.find(key), SortedSet)
        wanted = at_least(0, count[0], NOT_POSITIVE) if count else 1
        pairs = () if found is None or not wanted else found.between(0, wanted - 1, end == LAST)
        return [member for _, member in pairs]

    return replies


def pop_first(db: Keyspace, keys: list[str], end: int, count: int) -> Reply:
    """Remove up to `count` members from the first set that exists; reply with its key."""
    for key in keys:
        if value_in(db.write(key), SortedSet) is not None:
            return [as_bytes(key), [[m, score] for score, m in take(db, key, end, count)]]
    return NULL_ARRAY


def several(parts: tuple[bytes, ...]) -> tuple[list[str], int, int]:
    """Read numkeys key [key ...] MIN | MAX [COUNT count]. Raises CommandError."""
    # redis 7: t_zset.c, zmpopGenericCommand
    number = at_least(1, parts[0], "ERR numkeys should be greater than 0")
    if number + 1 >= len(parts) or text(parts[number + 1]).upper() not in ENDS:
        raise CommandError(SYNTAX)
    keys, end, options = parts[1 : number + 1], text(parts[number + 1]).upper(), parts[number + 2 :]
    count = 1
    if options:
        if len(options) < 2 or options[0].upper() != b"COUNT":
            raise CommandError(SYNTAX)
        count = at_least(1, options[1], "ERR count should be greater than 0")
    if len(options) > 2:
        raise CommandError(SYNTAX)
    return list(map(text, keys)), ENDS[end], count


def zmpop(db: Keyspace, *parts: bytes) -> Reply:
    """ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]: from the first set that exists."""
    return pop_first(db, *several(parts))


def would_pop_first(db: Keyspace, *parts: bytes) -> Reply:
    """Tell what ZMPOP would reply."""
    keys, end, count = several(parts)
    found = ((key, would_pop(end)(db, key, b"%d" % count)) for key in keys)
    return next(([as_bytes(key), members] for key, members in found if members), None)


# Waiting


def waits(end: int) -> Callable[..., Reply]:
    """Make BZPOPMIN or BZPOPMAX."""

    def function(db: Keyspace, *parts: bytes) -> Reply:
        *keys, patience = parts
        seconds_of(patience)
        found = pop_first(db, list(map(text, keys)), end, 1)
        return [found[0], *found[1][0]] if isinstance(found, list) else found

    function.__doc__ = f"B{NAMES[end]} key [key ...] seconds."
    return function


def for_keys(name: bytes) -> Callable[..., KeyBlock]:
    """Make the function that says for which sets BZPOPMIN or BZPOPMAX waits."""

    def blocks(db: Keyspace, *parts: bytes) -> KeyBlock:
        *keys, patience = parts
        again = lambda key: [name, as_bytes(key), b"0"]  # noqa: E731
        return KeyBlock(tuple(map(text, keys)), seconds_of(patience), SortedSet, again)

    return blocks


def bzmpop(db: Keyspace, patience: bytes, *parts: bytes) -> Reply:
    """BZMPOP seconds numkeys key [key ...] MIN | MAX [COUNT count]."""
    asked = several(parts)
    seconds_of(patience)
    return pop_first(db, *asked)


def for_several(db: Keyspace, patience: bytes, *parts: bytes) -> KeyBlock:
    """Return the sets for which BZMPOP waits."""
    keys, end, count = several(parts)
    rest = [b"MIN" if end == FIRST else b"MAX", b"COUNT", b"%d" % count]
    again = lambda key: [b"BZMPOP", b"0", b"1", as_bytes(key), *rest]  # noqa: E731
    return KeyBlock(tuple(keys), seconds_of(patience), SortedSet, again)


# For replicas


def popped(db: Any, argv: Arguments, reply: Any) -> Command:
    """BZPOPMIN and BZPOPMAX: the pop alone."""
    return (argv[0][1:].upper(), reply[0])


def popped_several(db: Any, argv: Arguments, reply: Any) -> Command:
    """ZMPOP and BZMPOP: the pop of as many members as there were."""
    _, end, _ = several(tuple(argv[1 + (argv[0][:1] in b"bB") :]))
    return (NAMES[end], reply[0], len(reply[1]))


MOVABLE = "argument argument argument [argument ...]"
COMMANDS = table(
    RedisCommand(
        "BZMPOP", f"argument {MOVABLE}", "write blocking movablekeys", bzmpop,
        propagates=popped_several, blocks=for_several, keys=CountedKeys(2),
    ),
    *(
        RedisCommand(
            f"B{name}", "argument argument [argument ...]", "write noscript fast blocking", waits(end),
            propagates=popped, blocks=for_keys(f"B{name}".encode()), keys=Positions(1, -2, 1),
        )
        for end, name in NAMES.items()
    ),
    RedisCommand(
        "ZMPOP", MOVABLE, "write movablekeys", zmpop, would_pop_first,
        propagates=popped_several, keys=CountedKeys(1),
    ),
    *(
        RedisCommand(name, "key [argument ...]", "write fast", pops(end), would_pop(end))
        for end, name in NAMES.items()
    ),
)  # fmt: skip
