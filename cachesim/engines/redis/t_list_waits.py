"""The list commands that wait for an element, as redis 7 has them in t_list.c.

Their functions do not wait: they reply what the command replies when its time is up. `blocks` says
for what a client waits (blocked.py).
"""

import math
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import KeyBlock, RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import CountedKeys, Positions
from cachesim.engines.redis.list_value import LEFT, RIGHT, List
from cachesim.engines.redis.memory import HIGHEST, as_bytes
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.t_list_ends import move, pop_first, popped_several, several, side_of
from cachesim.errors import CommandError


def seconds_of(part: bytes) -> float:
    """Read how long a command waits; 0: for ever. Raises CommandError."""
    # redis 7: getTimeoutFromObjectOrReply
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
    """Make the function that says for which lists BLPOP or BRPOP waits."""

    def blocks(db: Keyspace, *parts: bytes) -> KeyBlock:
        *keys, patience = parts
        return KeyBlock(
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


def wait_to_pop_several(db: Keyspace, patience: bytes, *parts: bytes) -> KeyBlock:
    """Return the lists for which BLMPOP waits."""
    keys, side, count = several(parts)
    rest = [side.encode(), b"COUNT", b"%d" % count]
    return KeyBlock(
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


def wait_to_move(db: Keyspace, source: str, target: str, *parts: bytes) -> KeyBlock:
    """Return the list for which BLMOVE and BRPOPLPUSH wait."""
    *sides, patience = parts
    name = b"BLMOVE" if sides else b"BRPOPLPUSH"
    again = [name, as_bytes(source), as_bytes(target), *sides, b"0"]
    return KeyBlock((source,), seconds_of(patience), List, lambda key: again)


def brpoplpush(db: Keyspace, source: str, target: str, patience: bytes) -> Reply:
    """BRPOPLPUSH source destination seconds."""
    seconds_of(patience)
    return move(db, source, target, RIGHT, LEFT)


# For replicas


def popped(db: Any, argv: Arguments, reply: Any) -> Command:
    """BLPOP and BRPOP: the pop alone."""
    return (argv[0][1:].upper(), reply[0])


def moved(db: Any, argv: Arguments, reply: Any) -> Command:
    """BLMOVE and BRPOPLPUSH: the same without waiting."""
    return (argv[0][1:].upper(), *argv[1:-1])


WAITS = "write noscript blocking"
COMMANDS = table(
    RedisCommand(
        "BLMOVE", "key key argument argument argument", "write denyoom noscript blocking", blmove,
        propagates=moved, blocks=wait_to_move,
    ),
    RedisCommand(
        "BLMPOP", "argument argument argument argument [argument ...]", "write blocking movablekeys", blmpop,
        propagates=popped_several, blocks=wait_to_pop_several, keys=CountedKeys(2),
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
        "BRPOPLPUSH", "key key argument", "write denyoom noscript blocking", brpoplpush,
        propagates=moved, blocks=wait_to_move,
    ),
)  # fmt: skip
