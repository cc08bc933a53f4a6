"""The commands that combine sorted sets, and sets, whose members all have the score 1 (redis 7: t_zset.c)."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from cachesim.engines.redis.arguments import SYNTAX, at_least, integer, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import CountedKeys
from cachesim.engines.redis.reply import Pairs, Reply
from cachesim.engines.redis.set_value import Set
from cachesim.engines.redis.structure import replaced, wrong_type
from cachesim.engines.redis.zset_ranges import score_of
from cachesim.engines.redis.zset_value import SortedSet
from cachesim.errors import CommandError

Scores = Mapping[bytes, float]
NOT_A_WEIGHT = "ERR weight value is not a float"


def added(one: float, other: float) -> float:
    """Add two scores; plus and minus infinity give 0."""
    total = one + other
    return 0.0 if math.isnan(total) else total


def lower(one: float, other: float) -> float:
    """Return the lower score; of equal ones the first."""
    return other if other < one else one


def higher(one: float, other: float) -> float:
    """Return the higher score; of equal ones the first."""
    return other if other > one else one


AGGREGATES: dict[str, Callable[[float, float], float]] = {
    "SUM": added,
    "MIN": lower,
    "MAX": higher,
}


def weighted(score: float, weight: float) -> float:
    """Multiply a score; what is no number is 0."""
    product = score * weight
    return 0.0 if math.isnan(product) else product


class Combination:
    """What ZUNION and its kin combine: sets with weights, and how scores are joined. Raises CommandError."""

    def __init__(
        self, db: Keyspace, parts: tuple[bytes, ...], name: str, stores: bool, has_weights: bool
    ) -> None:
        number = integer(parts[0])
        if number < 1:
            raise CommandError(f"ERR at least 1 input key is needed for '{name}' command")
        if number > len(parts) - 1:
            raise CommandError(SYNTAX)
        self.sets = [scores_in(db, text(key)) for key in parts[1 : number + 1]]
        self.weights = [1.0] * number
        self.join = AGGREGATES["SUM"]
        self.has_scores = False
        self._read(list(parts[number + 1 :]), stores, has_weights)

    def _read(self, rest: list[bytes], stores: bool, has_weights: bool) -> None:
        number = len(self.sets)
        while rest:
            word = text(rest.pop(0)).upper()
            if word == "WEIGHTS" and has_weights and len(rest) >= number:
                self.weights = [score_of(part, NOT_A_WEIGHT) for part in rest[:number]]
                del rest[:number]
            elif word == "AGGREGATE" and has_weights and rest:
                name = text(rest.pop(0)).upper()
                if name not in AGGREGATES:
                    raise CommandError(SYNTAX)
                self.join = AGGREGATES[name]
            elif word == "WITHSCORES" and not stores:
                self.has_scores = True
            else:
                raise CommandError(SYNTAX)

    def ordered(self) -> list[tuple[Scores, float]]:
        """Return the sets with their weights, the smallest first: scores are joined in this order."""
        pairs = zip(self.sets, self.weights, strict=True)
        return sorted(pairs, key=lambda pair: len(pair[0]))


def scores_in(db: Keyspace, key: str) -> Scores:
    """Return the members of a set or a sorted set with their scores. Raises CommandError."""
    entry = db.read(key)
    if entry is None:
        return {}
    if isinstance(entry.value, SortedSet):
        return {member: score for score, member in entry.value.order}
    if isinstance(entry.value, Set):
        return dict.fromkeys(entry.value, 1.0)
    raise wrong_type()


def union(given: Combination) -> Scores:
    """Combine sets: what is in any of them."""
    result: dict[bytes, float] = {}
    for scores, weight in given.ordered():
        for member, score in scores.items():
            value = weighted(score, weight)
            result[member] = given.join(result[member], value) if member in result else value
    return result


def intersection(given: Combination) -> Scores:
    """Combine sets: what is in all of them."""
    (first, weight), *others = given.ordered()
    result = {}
    for member, score in first.items():
        if all(member in scores for scores, _ in others):
            total = weighted(score, weight)
            for scores, factor in others:
                total = given.join(total, scores[member] * factor)
            result[member] = total
    return result


def difference(given: Combination) -> Scores:
    """Combine sets: what is in the first and in no other one."""
    first, *others = given.sets
    return {m: score for m, score in first.items() if not any(m in each for each in others)}


HOW = {"ZDIFF": difference, "ZINTER": intersection, "ZUNION": union}


def combined(db: Keyspace, scores: Scores) -> SortedSet:
    """Make a sorted set; it is a listpack if it is small enough in the end."""
    result = SortedSet(db)
    result.use_table()
    for member, score in scores.items():
        result.put(member, score)
    result.use_listpack()
    return result


def replying(name: str) -> Callable[..., Reply]:
    """Make a command that replies with what sets give together."""

    def function(db: Keyspace, *parts: bytes) -> Reply:
        given = Combination(db, parts, name.lower(), stores=False, has_weights=name != "ZDIFF")
        pairs: Any = sorted((score, member) for member, score in HOW[name](given).items())
        if given.has_scores:
            return Pairs([member, score] for score, member in pairs)
        return [member for _, member in pairs]

    function.__doc__ = f"{name} numkeys key [key ...] [WEIGHTS ...] [AGGREGATE ...] [WITHSCORES]."
    return function


def storing(name: str) -> Callable[..., Reply]:
    """Make a command that stores what sets give together; it replies how many members that has."""
    full = f"{name.lower()}store"

    def function(db: Keyspace, target: str, *parts: bytes) -> Reply:
        given = Combination(db, parts, full, stores=True, has_weights=name != "ZDIFF")
        return replaced(db, target, combined(db, HOW[name](given)), "z", full)

    function.__doc__ = (
        f"{name}STORE destination numkeys key [key ...] [WEIGHTS ...] [AGGREGATE ...]."
    )
    return function


def zintercard(db: Keyspace, *parts: bytes) -> Reply:
    """ZINTERCARD numkeys key [key ...] [LIMIT limit]: how many members the intersection has."""
    number = integer(parts[0])
    options = parts[max(0, number) + 1 :]
    given = Combination(db, parts[: max(0, number) + 1], "zintercard", True, has_weights=False)
    limit = 0
    for at in range(0, len(options), 2):
        if options[at].upper() != b"LIMIT" or at + 1 == len(options):
            raise CommandError(SYNTAX)
        limit = at_least(0, options[at + 1], "ERR LIMIT can't be negative")
    count = len(intersection(given))
    return min(count, limit) if limit else count


MANY = "argument argument [argument ...]"
COMMANDS = table(
    *(
        RedisCommand(
            name, MANY, "readonly movablekeys", reply := replying(name), reply, keys=CountedKeys(1)
        )
        for name in HOW
    ),
    *(
        RedisCommand(
            f"{name}STORE", f"key {MANY}", "write denyoom movablekeys", storing(name),
            keys=CountedKeys(2, first=1),
        )
        for name in HOW
    ),
    RedisCommand("ZINTERCARD", MANY, "readonly movablekeys", zintercard, keys=CountedKeys(1)),
)  # fmt: skip
