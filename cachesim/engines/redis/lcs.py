"""LCS: the longest common subsequence of two strings, as redis 7 has it in t_string.c."""

from typing import NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.reply import Reply
from cachesim.errors import CommandError

CELL = 4  # bytes of the server's table of lengths

Lengths = list[list[int]]


class Match(NamedTuple):
    """A piece that both strings have: where it begins in each, and its bytes."""

    a: int
    b: int
    length: int


def lcs(db: Keyspace, first: str, second: str, *parts: bytes) -> Reply:
    """LCS key1 key2 [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]."""
    a, b = (string_of(db, key) for key in (first, second))
    if a is None or b is None:
        raise CommandError("ERR The specified keys must contain string values")
    flags, least = options(parts)
    if {"IDX", "LEN"} <= flags:
        raise CommandError("ERR If you want both the length and indexes, please just use IDX.")
    if (len(a) + 1) * (len(b) + 1) * CELL > db.longest_string:
        raise CommandError(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
        )
    grid = lengths(a, b)
    if "LEN" in flags:
        return grid[-1][-1]
    common, matches = traced(a, b, grid)
    if "IDX" not in flags:
        return common
    found = [shown(m, "WITHMATCHLEN" in flags) for m in matches if m.length >= least]
    return {b"matches": found, b"len": len(common)}


def string_of(db: Keyspace, key: str) -> bytes | None:
    """Return the string under a key, empty if the key is absent; None for any other type."""
    entry = db.read(key)
    value = b"" if entry is None else entry.value
    return value if isinstance(value, bytes) else None


def options(parts: tuple[bytes, ...]) -> tuple[set[str], int]:
    """Return the flags of LCS and the least length of a match."""
    flags, least = set(), 0
    rest = iter(parts)
    for part in rest:
        name = text(part).upper()
        if name in ("IDX", "LEN", "WITHMATCHLEN"):
            flags.add(name)
        elif name == "MINMATCHLEN" and (number := next(rest, None)) is not None:
            least = integer(number)
        else:
            raise CommandError(SYNTAX)
    return flags, least


def lengths(a: bytes, b: bytes) -> Lengths:
    """Return the length of the common subsequence of a[:i] and b[:j], for all i and j."""
    found = [[0] * (len(b) + 1)]
    for x in a:
        above, row = found[-1], [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
        found.append(row)
    return found


def traced(a: bytes, b: bytes, grid: Lengths) -> tuple[bytes, list[Match]]:
    """Return the common subsequence and its pieces, the last piece first, as the server does."""
    common, matches = bytearray(), []
    i, j = len(a), len(b)
    start, end = None, (0, 0)  # the first and the last byte of the piece being traced
    while i and j:
        if a[i - 1] == b[j - 1]:
            common.append(a[i - 1])
            i, j = i - 1, j - 1
            if start is None:
                end = (i, j)
            start = (i, j)
            ends = 0 in start
        else:
            i, j = (i - 1, j) if grid[i - 1][j] > grid[i][j - 1] else (i, j - 1)
            ends = start is not None
        if ends and start is not None:
            matches.append(Match(*start, end[0] - start[0] + 1))
            start = None
    return bytes(reversed(common)), matches


def shown(match: Match, with_length: bool) -> list:
    """Return a match as the reply shows it: its first and last byte in both strings."""
    last = match.length - 1
    ranges: list = [[match.a, match.a + last], [match.b, match.b + last]]
    return [*ranges, match.length] if with_length else ranges


COMMANDS = table(RedisCommand("LCS", "key key [option ...]", "readonly", lcs, replies=lcs))
