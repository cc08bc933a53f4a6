"""FUNCTION and FCALL: there are no functions yet (redis 7: functions.c).

What every client library and test suite asks at its start is answered: FLUSH, LIST and STATS.
"""

from typing import Any

from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.helptexts import FUNCTION, helper
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.scripting import BUSY, NOT_BUSY, READS, WRITES, check_sync, rows
from cachesim.errors import CommandError


def function_flush(db: Any, *options: bytes) -> Reply:
    """FUNCTION FLUSH [ASYNC|SYNC]: forget all functions; there are none."""  # noqa: D401
    check_sync("FUNCTION", options)
    db.pass_on()
    return "OK"


def function_list(db: Any, *options: bytes) -> Reply:
    """FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]: none."""  # noqa: D401
    return []


def function_stats(db: Any) -> Reply:
    """FUNCTION STATS: no function runs, and there is none."""  # noqa: D401
    counts = {b"libraries_count": 0, b"functions_count": 0}
    return {b"running_script": None, b"engines": {b"LUA": counts}}


def function_kill(db: Any) -> Reply:
    """FUNCTION KILL: no function runs."""  # noqa: D401
    if db.scripts.running is not None:
        raise CommandError(BUSY)
    raise CommandError(NOT_BUSY)


def fcall(db: Any, name: bytes, *arguments: bytes) -> Reply:
    """FCALL function numkeys [key ...] [argument ...], FCALL_RO function ...: there are no functions."""
    raise CommandError("ERR Function not found")


COMMANDS = table(
    rows("FCALL", fcall, WRITES),
    rows("FCALL_RO", fcall, READS),
    container("FUNCTION"),
    RedisCommand("FUNCTION|FLUSH", "[option ...]", "write noscript", function_flush),
    helper("FUNCTION", FUNCTION),
    RedisCommand("FUNCTION|KILL", "", "noscript allow_busy", function_kill),
    RedisCommand("FUNCTION|LIST", "[option ...]", "noscript", function_list),
    RedisCommand("FUNCTION|STATS", "", "noscript allow_busy", function_stats),
)
