"""LCS: the longest common subsequence of two strings, as redis 7 has it in t_string.c."""

from typing import NamedTuple

from cachesim.engines.redis.command import (
    SYNTAX,
    TWO_KEYS,
    Arguments,
    Command,
    Reply,
    integer,
    text,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.errors import CommandError

CELL = 4  # bytes of the server's table of lengths

Table = list[list[int]]


class Match(NamedTuple):
    """A piece that both strings have: where it begins in the first and in the second."""

    a: int
    b: int
    length: int


def lcs(db: Keyspace, argv: Arguments) -> Reply:
    """LCS key1 key2 [LEN] [IDX] [MINMATCHLEN n] [WITHMATCHLEN]."""
    a, b = (string_of(db, key) for key in argv[1:3])
    if a is None or b is None:
        raise CommandError("ERR The specified keys must contain string values")
    flags, least = options(argv)
    if {"IDX", "LEN"} <= flags:
        raise CommandError("ERR If you want both the length and indexes, please just use IDX.")
    if (len(a) + 1) * (len(b) + 1) * CELL > db.longest_string:
        raise CommandError(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
        )
    table = lengths(a, b)
    if "LEN" in flags:
        return table[-1][-1]
    common, matches = traced(a, b, table)
    if "IDX" not in flags:
        return common
    found = [shown(m, "WITHMATCHLEN" in flags) for m in matches if m.length >= least]
    return {b"matches": found, b"len": len(common)}


def string_of(db: Keyspace, key: bytes) -> bytes | None:
    """Return the string under a key, empty if absent; None if it is no string."""
    entry = db.read(text(key))
    value = b"" if entry is None else entry.value
    return value if isinstance(value, bytes) else None


def options(argv: Arguments) -> tuple[set[str], int]:
    """Return the flags of LCS and the least length of a match."""
    flags, least = set(), 0
    rest = iter(argv[3:])
    for part in rest:
        name = text(part).upper()
        if name in ("IDX", "LEN", "WITHMATCHLEN"):
            flags.add(name)
        elif name == "MINMATCHLEN" and (number := next(rest, None)) is not None:
            least = integer(number)
        else:
            raise CommandError(SYNTAX)
    return flags, least


def lengths(a: bytes, b: bytes) -> Table:
    """Return how long the common subsequence of a[:i] and b[:j] is, for all i and j."""
    table = [[0] * (len(b) + 1)]
    for x in a:
        above, row = table[-1], [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
        table.append(row)
    return table


def traced(a: bytes, b: bytes, table: Table) -> tuple[bytes, list[Match]]:
    """Return the common subsequence and its pieces, the last first, as the server walks back."""
    common, matches = bytearray(), []
    i, j = len(a), len(b)
    start, end = None, (0, 0)  # of the piece being traced: its first byte, its last
    while i and j:
        if a[i - 1] == b[j - 1]:
            common.append(a[i - 1])
            i, j = i - 1, j - 1
            if start is None:
                end = (i, j)
            start = (i, j)
            ends = 0 in start
        else:
            i, j = (i - 1, j) if table[i - 1][j] > table[i][j - 1] else (i, j - 1)
            ends = start is not None
        if ends and start is not None:
            matches.append(Match(*start, end[0] - start[0] + 1))
            start = None
    return bytes(reversed(common)), matches


def shown(match: Match, with_length: bool) -> list:
    """Return a match as the reply shows it: first and last byte in both strings."""
    last = match.length - 1
    ranges: list = [[match.a, match.a + last], [match.b, match.b + last]]
    return [*ranges, match.length] if with_length else ranges


COMMANDS = {"LCS": Command(-3, "readonly", lcs, TWO_KEYS, replies=lcs)}
