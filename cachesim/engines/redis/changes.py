"""How much a command has changed, as the server counts it: its `dirty`, which the save points look at.

A command that changed something counts once; those of the table count each element, and some say it
themselves (`Told.counted`). It is redis 7's `server.dirty` in the files of the types.
"""

from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.arguments import Arguments

Count = Callable[[Arguments, Any], int]


def _replied(argv: Arguments, reply: Any) -> int:
    """Take the number in the reply."""
    return int(reply)


def _popped(argv: Arguments, reply: Any) -> int:
    """Count the elements of the reply: one, unless the command has a count."""
    return len(reply) if len(argv) > 2 else 1


def _behind(first: int, each: int) -> Count:
    """Count the arguments from place `first` on, `each` of which make one."""
    return lambda argv, reply: (len(argv) - first) // each


def _stored(argv: Arguments, reply: Any) -> int:
    """Take the number of stored elements; the key that an empty result removes is one change."""
    return max(1, int(reply))


COUNTS: dict[str, Count] = {
    **dict.fromkeys(("DEL", "UNLINK", "SADD", "SREM", "HDEL", "LREM", "ZREM"), _replied),
    **dict.fromkeys((f"ZREMRANGEBY{by}" for by in ("LEX", "RANK", "SCORE")), _replied),
    **dict.fromkeys(("XACK", "XDEL", "XTRIM"), _replied),
    **dict.fromkeys(("SORT", "GEORADIUS", "GEORADIUSBYMEMBER", "GEOSEARCHSTORE"), _stored),
    **dict.fromkeys(("LPUSH", "RPUSH", "LPUSHX", "RPUSHX"), _behind(2, 1)),
    **dict.fromkeys(("HSET", "HMSET"), _behind(2, 2)),
    **dict.fromkeys(("MSET", "MSETNX"), _behind(1, 2)),
    **dict.fromkeys(("LPOP", "RPOP", "SPOP", "ZPOPMAX", "ZPOPMIN"), _popped),
    **dict.fromkeys(("LMPOP", "ZMPOP", "BLMPOP", "BZMPOP"), lambda argv, reply: len(reply[1])),
    **dict.fromkeys(
        ("FLUSHALL", "FLUSHDB", "PUBLISH"), lambda argv, reply: 0
    ),  # each key is counted
}


def changes_of(name: str, argv: Arguments, reply: Any) -> int:
    """Count what a command has changed that has changed something.

    >>> changes_of("SADD", [b"SADD", b"s", b"a", b"b"], 2), changes_of("SET", [], "OK")
    (2, 1)
    """
    count = COUNTS.get(name)
    return 1 if count is None else count(argv, reply)
