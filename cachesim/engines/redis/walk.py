"""How far a command walks: what makes a slow command slow, and all others wait behind it."""

from typing import Any

from cachesim.engines.redis.command import argument, text
from cachesim.engines.redis.db import Keyspace

EVERY_KEY = frozenset({"KEYS", "FLUSHALL", "FLUSHDB", "SWAPDB"})
EVERY_FIELD = frozenset({"HGETALL", "HKEYS", "HVALS", "HSCAN"})  # of the value under the first key
ITS_ARGUMENTS = frozenset({"MGET", "MSET", "DEL", "UNLINK", "EXISTS", "HSET", "HMGET"})


def walked(db: Keyspace, command: tuple[Any, ...]) -> int:
    """Return how many keys or fields a command looks at: 1 for most.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> for key in "abc":
    ...     engine.set(key, b"1")
    >>> (
    ...     walked(engine, ("KEYS", "*")),
    ...     walked(engine, ("GET", "a")),
    ...     walked(engine, ("MGET", "a", "b")),
    ... )
    (3, 1, 2)
    """
    name = text(argument(command[0])).upper() if command else ""
    if name in EVERY_KEY:
        return len(db)
    if name == "SCAN":
        return min(len(db), _count(command))
    if name in ITS_ARGUMENTS:
        return max(1, len(command) - 1)
    if name in EVERY_FIELD and len(command) > 1:
        entry = db.keys.nodes.get(text(argument(command[1])))
        return len(entry.value) if entry is not None else 1
    return 1


def _count(command: tuple[Any, ...]) -> int:
    """Return SCAN's COUNT; 10 if it names none."""
    words = [text(argument(part)).upper() for part in command]
    after = words[words.index("COUNT") + 1 :] if "COUNT" in words else []
    return max(1, int(after[0])) if after and after[0].isdecimal() else 10
