"""The commands on ranges of a sorted set, as redis 7 has them in t_zset.c."""

from collections.abc import Callable

from cachesim.engines.redis.arguments import SYNTAX, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import Positions
from cachesim.engines.redis.reply import Pairs, Reply
from cachesim.engines.redis.structure import replaced, shortened, value_in
from cachesim.engines.redis.t_zset import found_in
from cachesim.engines.redis.zset_ranges import (
    ByMember,
    ByPlace,
    ByScore,
    Range,
    RangeLimit,
    pairs_in,
)
from cachesim.engines.redis.zset_value import Pair, SortedSet
from cachesim.errors import CommandError

ONLY_BY = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
NO_SCORES = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
PLACE, SCORE, MEMBER = "place", "score", "member"
BY = {"BYSCORE": SCORE, "BYLEX": MEMBER}


class Asked:
    """What a command of the ZRANGE family asks for: key, bounds and options. Raises CommandError."""

    def __init__(
        self, parts: tuple[bytes, ...], by: str | None, reverse: bool | None, stores: bool = False
    ) -> None:
        self.by, self.reverse, self.limit = by, reverse, RangeLimit()
        self.has_scores = False
        low, high, *options = parts
        self._read(options, stores)
        self.by, self.reverse = self.by or PLACE, bool(self.reverse)
        if self.limit.number != -1 and self.by == PLACE:
            raise CommandError(ONLY_BY)
        if self.by == PLACE:
            self.limit = RangeLimit()  # with a count of -1 the offset is ignored, too
        if self.has_scores and self.by == MEMBER:
            raise CommandError(NO_SCORES)
        self.range = self._range(low, high)

    def _read(self, options: list[bytes], stores: bool) -> None:
        words = iter(options)
        left = len(options)
        for part in words:
            word, left = text(part).upper(), left - 1
            if word == "WITHSCORES" and not stores:
                self.has_scores = True
            elif word == "LIMIT" and left >= 2:
                self.limit, left = RangeLimit(integer(next(words)), integer(next(words))), left - 2
            elif word == "REV" and self.reverse is None:
                self.reverse = True
            elif word in BY and self.by is None:
                self.by = BY[word]
            else:
                raise CommandError(SYNTAX)

    def _range(self, low: bytes, high: bytes) -> Range:
        if self.by == PLACE:
            return ByPlace(integer(low), integer(high), bool(self.reverse))
        if self.reverse:
            low, high = high, low
        return ByScore.read(low, high) if self.by == SCORE else ByMember.read(low, high)

    def pairs(self, found: SortedSet) -> list[Pair]:
        """Return the pairs of a sorted set that it asks for."""
        return pairs_in(found, self.range, bool(self.reverse), self.limit)


def ranges(by: str | None, reverse: bool | None, usage: str) -> Callable[..., Reply]:
    """Make a command that replies with a range; None: an option says which."""

    def function(db: Keyspace, key: str, *parts: bytes) -> Reply:
        asked = Asked(parts, by, reverse)
        found = found_in(db, key)
        pairs = [] if found is None else asked.pairs(found)
        if asked.has_scores:
            return Pairs([member, score] for score, member in pairs)
        return [member for _, member in pairs]

    function.__doc__ = f"{usage}."
    return function


def zrangestore(db: Keyspace, target: str, key: str, *parts: bytes) -> Reply:
    """ZRANGESTORE destination key min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]."""
    asked = Asked(parts, None, None, stores=True)
    found, result = found_in(db, key), SortedSet(db)
    for score, member in [] if found is None else asked.pairs(found):
        result.put(member, score)
    return replaced(db, target, result, "z", "zrangestore")


def counts(read: Callable[[bytes, bytes], Range], usage: str) -> Callable[..., Reply]:
    """Make a command that counts the members of a range."""

    def function(db: Keyspace, key: str, low: bytes, high: bytes) -> Reply:
        part = read(low, high)
        found = found_in(db, key)
        first, last = (0, 0) if found is None else part.places(found)
        return last - first

    function.__doc__ = f"{usage}."
    return function


def removes(read: Callable[[bytes, bytes], Range], name: str, usage: str) -> Callable[..., Reply]:
    """Make a command that removes a range; it replies how many members went."""

    def function(db: Keyspace, key: str, low: bytes, high: bytes) -> Reply:
        part = read(low, high)
        changed = value_in(db.write(key), SortedSet)
        if changed is None:
            return 0
        gone = pairs_in(changed, part, False, RangeLimit())
        for _, member in gone:
            changed.remove(member)
        if gone:
            shortened(db, key, "z", name.lower())
        return len(gone)

    function.__doc__ = f"{usage}: how many were removed."
    return function


BOUNDS = "key argument argument"
FAMILY = {  # name -> how it selects, from which end, and its words after the key
    "ZRANGE": (None, None, "start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]"),
    "ZRANGEBYLEX": (MEMBER, False, "min max [LIMIT offset count]"),
    "ZRANGEBYSCORE": (SCORE, False, "min max [WITHSCORES] [LIMIT offset count]"),
    "ZREVRANGE": (PLACE, True, "start stop [WITHSCORES]"),
    "ZREVRANGEBYLEX": (MEMBER, True, "max min [LIMIT offset count]"),
    "ZREVRANGEBYSCORE": (SCORE, True, "max min [WITHSCORES] [LIMIT offset count]"),
}
COUNTS = {"ZCOUNT": ByScore.read, "ZLEXCOUNT": ByMember.read}
REMOVES = {
    "ZREMRANGEBYLEX": ByMember.read,
    "ZREMRANGEBYRANK": ByPlace.read,
    "ZREMRANGEBYSCORE": ByScore.read,
}
COMMANDS = table(
    *(
        RedisCommand(name, f"{BOUNDS} [option ...]", "readonly", reply := ranges(by, end, f"{name} key {words}"), reply)
        for name, (by, end, words) in FAMILY.items()
    ),
    *(
        RedisCommand(name, BOUNDS, "readonly fast", counts(read, f"{name} key min max"))
        for name, read in COUNTS.items()
    ),
    *(
        RedisCommand(name, BOUNDS, "write", removes(read, name, f"{name} key min max"))
        for name, read in REMOVES.items()
    ),
    RedisCommand(
        "ZRANGESTORE", "key key argument argument [option ...]", "write denyoom", zrangestore,
        keys=Positions(1, 2, 1),
    ),
)  # fmt: skip
