"""The commands on the members of a sorted set, as redis 7 has them in t_zset.c."""

import math
from collections.abc import Callable, Iterable, Set
from itertools import takewhile

from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import SYNTAX, long_in_range, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.memory import HIGHEST
from cachesim.engines.redis.rdb_reader import Load, RdbReader, in_listpack, in_ziplist
from cachesim.engines.redis.reply import Pairs, Reply
from cachesim.engines.redis.scan import ScanOptions, walk
from cachesim.engines.redis.structure import grown, opened, taken_out, value_in
from cachesim.engines.redis.t_hash import drawn, several
from cachesim.engines.redis.zset_ranges import score_of
from cachesim.engines.redis.zset_value import SortedSet, packed, shown
from cachesim.errors import CommandError

NAN = "ERR resulting score is not a number (NaN)"
WORDS = {b"NX", b"XX", b"CH", b"INCR", b"GT", b"LT"}
NONE: Set[str] = frozenset()


def found_in(db: Keyspace, key: str) -> SortedSet | None:
    """Return the sorted set for a command that reads; None if there is none. Raises CommandError."""
    return value_in(db.read(key), SortedSet)


# Adding


def zadd(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]."""
    options, rest = NONE, parts
    if parts[0].upper() in WORDS:
        options, rest = split(parts)
    if not rest or len(rest) % 2:
        raise CommandError(SYNTAX)
    if options:
        check(options, rest)
    # One pair is the usual case; all scores are read before the first is stored.
    pairs = [(rest[1], score_of(rest[0]))]
    for at in range(2, len(rest), 2):
        pairs.append((rest[at + 1], score_of(rest[at])))  # noqa: PERF401 # quicker for one pair
    return add(db, key, pairs, options)


def split(parts: tuple[bytes, ...]) -> tuple[Set[str], tuple[bytes, ...]]:
    """Return the options with which ZADD begins, and what follows them."""
    words = [text(part) for part in takewhile(WORDS.__contains__, map(bytes.upper, parts))]
    return set(words), parts[len(words) :]


def check(options: Set[str], rest: tuple[bytes, ...]) -> None:
    """Raise CommandError for options that do not go together."""
    if {"NX", "XX"} <= options:
        raise CommandError("ERR XX and NX options at the same time are not compatible")
    if len(options & {"NX", "GT", "LT"}) > 1:
        raise CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
    if "INCR" in options and len(rest) > 2:
        raise CommandError("ERR INCR option supports a single increment-element pair")


def add(db: Keyspace, key: str, pairs: list[tuple[bytes, float]], options: Set[str]) -> Reply:
    """Add members, or change their scores; reply as ZADD does."""
    entry, changed = opened(db, key, SortedSet)
    old, updated, told = len(changed.scores), 0, None
    if entry is None and "XX" not in options and is_large(db, pairs[0][0]):
        changed.use_table()
    try:
        for member, score in pairs:
            if not options:
                updated += changed.put(member, score)
                continue
            told = allowed(changed.scores.get(member), score, options)
            updated += told is not None and changed.put(member, told)
    finally:  # what was added before an error stays
        new = len(changed.scores) - old
        if new or updated:
            grown(db, key, entry, changed)
            db.counted = new + updated
            if db.notified:
                db.event("z", "zincr" if "INCR" in options else "zadd", key)
    if not options:
        return new
    if "INCR" in options:
        return told
    return new + updated if "CH" in options else new


def is_large(db: Keyspace, member: bytes) -> bool:
    """Whether a set that begins with this member is no listpack from the start."""
    return not db.zset_limits.entries or len(member) > db.zset_limits.value


def allowed(old: float | None, score: float, options: Set[str]) -> float | None:
    """Return the score that a member gets by the options; None if they forbid it. Raises CommandError."""
    # redis 7: t_zset.c, zsetAdd
    if old is None:
        return None if "XX" in options else score
    if "NX" in options:
        return None
    if "INCR" in options:
        score += old
        if math.isnan(score):
            raise CommandError(NAN)
    if ("LT" in options and score >= old) or ("GT" in options and score <= old):
        return None
    return score


def zincrby(db: Keyspace, key: str, increment: bytes, member: bytes) -> Reply:
    """ZINCRBY key increment member: the new score."""
    return add(db, key, [(member, score_of(increment))], {"INCR"})


# Removing


def zrem(db: Keyspace, key: str, *members: bytes) -> Reply:
    """ZREM key member [member ...]: how many were there."""
    return taken_out(db, key, SortedSet, members, "z", "zrem")


# Looking up


def zcard(db: Keyspace, key: str) -> Reply:
    """ZCARD key: how many members it has."""
    return len(found_in(db, key) or ())


def zscore(db: Keyspace, key: str, member: bytes) -> Reply:
    """ZSCORE key member."""
    found = found_in(db, key)
    return None if found is None else found.scores.get(member)


def zmscore(db: Keyspace, key: str, *members: bytes) -> Reply:
    """ZMSCORE key member [member ...]."""
    found = found_in(db, key)
    return [None if found is None else found.scores.get(member) for member in members]


def zrank(db: Keyspace, key: str, member: bytes) -> Reply:
    """ZRANK key member: its place from the lowest score, from 0 on."""
    found = found_in(db, key)
    return None if found is None or member not in found.scores else found.rank(member)


def zrevrank(db: Keyspace, key: str, member: bytes) -> Reply:
    """ZREVRANK key member: its place from the highest score, from 0 on."""
    found = found_in(db, key)
    if found is None or member not in found.scores:
        return None
    return len(found) - 1 - found.rank(member)


def zrandmember(db: Keyspace, key: str, *parts: bytes) -> Reply:
    """ZRANDMEMBER key [count [WITHSCORES]]: with a count below 0 a member may come more than once."""
    found = found_in(db, key) if not parts else None
    if not parts:
        return None if found is None else drawn(db, list(found))
    count = long_in_range(parts[0], -HIGHEST, HIGHEST)
    has_scores = len(parts) == 2 and text(parts[1]).upper() == "WITHSCORES"
    if len(parts) > 1 and not has_scores:
        raise CommandError(SYNTAX)
    if has_scores and abs(count) > HIGHEST // 2:
        raise CommandError("ERR value is out of range")
    found = found_in(db, key)
    if found is None:
        return []
    members = several(db, list(found), count)
    return Pairs([member, found.scores[member]] for member in members) if has_scores else members


def zscan(db: Keyspace, key: str, position: int, *parts: bytes) -> Reply:
    """ZSCAN key cursor [MATCH pattern] [COUNT n]: a listpack is returned whole."""
    found = found_in(db, key)
    if found is None:
        return [b"0", []]
    given = ScanOptions.read(parts)
    write = packed if found.table is None else shown
    if found.table is None:
        position, members = 0, list(found)
    else:
        position, members = walk(found.table, position, given.wanted)
    wanted = [member for member in members if given.wants(member)]
    return [b"%d" % position, [part for m in wanted for part in (m, write(found.scores[m]))]]


# For replicas and files


def dump(found: SortedSet) -> bytes:
    """Write a sorted set for an RDB file: each member and its score as eight bytes, from the highest."""
    # redis 7: rdb.c, RDB_TYPE_ZSET_2
    pairs = found.between(0, -1, reverse=True)
    return rdb_parts.length(len(found)) + b"".join(
        rdb_parts.text(member) + rdb_parts.double(score) for score, member in pairs
    )


def sorted_set_of(db: Keyspace, parts: Iterable[tuple[bytes, float]]) -> SortedSet:
    """Make a sorted set of members with scores."""
    made = SortedSet(db)
    for member, score in parts:
        made.put(member, score)
    return made


def in_pairs(elements: list[bytes]) -> Iterable[tuple[bytes, float]]:
    """Read members and scores that follow one another."""
    return zip(elements[::2], map(float, elements[1::2]), strict=True)


def read_pairs(reader: RdbReader, score: Callable[[], float]) -> Iterable[tuple[bytes, float]]:
    """Read the number of members, and then each with its score."""
    return [(reader.text(), score()) for _ in range(reader.length())]


DUMPS = {SortedSet: (5, dump)}
LOADS: dict[int, Load] = {
    3: lambda reader, db: sorted_set_of(db, read_pairs(reader, reader.old_score)),
    5: lambda reader, db: sorted_set_of(db, read_pairs(reader, lambda: reader.number("<d"))),
    12: lambda reader, db: sorted_set_of(db, in_pairs(in_ziplist(reader.text()))),
    17: lambda reader, db: sorted_set_of(db, in_pairs(in_listpack(reader.text()))),
}
ADD = "write denyoom fast"
COMMANDS = table(
    RedisCommand("ZADD", "key argument value [argument ...]", ADD, zadd),
    RedisCommand("ZCARD", "key", "readonly fast", zcard),
    RedisCommand("ZINCRBY", "key argument value", ADD, zincrby),
    RedisCommand("ZMSCORE", "key argument [argument ...]", "readonly fast", zmscore),
    RedisCommand("ZRANDMEMBER", "key [option ...]", "readonly", zrandmember, replies=zrandmember),
    RedisCommand("ZRANK", "key argument", "readonly fast", zrank),
    RedisCommand("ZREM", "key argument [argument ...]", "write fast", zrem),
    RedisCommand("ZREVRANK", "key argument", "readonly fast", zrevrank),
    RedisCommand("ZSCAN", "key cursor [option ...]", "readonly", zscan, replies=zscan),
    RedisCommand("ZSCORE", "key argument", "readonly fast", zscore),
)
