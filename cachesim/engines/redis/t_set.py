"""The set commands, as redis 7 has them in t_set.c; the set itself is in set_value.py."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from cachesim.engines.base import Command
from cachesim.engines.redis import rdb_parts
from cachesim.engines.redis.arguments import (
    NOT_POSITIVE,
    SYNTAX,
    Arguments,
    at_least,
    long_in_range,
    text,
)
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.key_places import CountedKeys
from cachesim.engines.redis.memory import HIGHEST
from cachesim.engines.redis.rdb_reader import Load, in_intset
from cachesim.engines.redis.reply import Members, Reply
from cachesim.engines.redis.scan import ScanOptions, walk
from cachesim.engines.redis.set_value import Set
from cachesim.engines.redis.structure import kept, opened, replaced, shortened, taken_out, value_in
from cachesim.engines.redis.t_hash import several
from cachesim.errors import CommandError

Combine = Callable[
    [list[Iterable[bytes]]], Iterable[bytes]
]  # the sets -> the members of the result


def sadd(db: Keyspace, key: str, *members: bytes) -> Reply:
    """SADD key member [member ...]: how many are new."""
    entry, changed = opened(db, key, Set)
    new = sum(changed.add(member) for member in members)
    if new:
        kept(db, key, entry, changed)
        db.event("s", "sadd", key)
    return new


def srem(db: Keyspace, key: str, *members: bytes) -> Reply:
    """SREM key member [member ...]: how many were there."""
    return taken_out(db, key, Set, members, "s", "srem")


def smove(db: Keyspace, source: str, target: str, member: bytes) -> Reply:
    """SMOVE source destination member: 1 if it was in the source."""
    entry, other = db.write(source), db.write(target)  # a dead target goes in any case
    found = value_in(entry, Set)
    if found is None:
        return 0
    value_in(other, Set)
    if source == target:
        return int(member in found)
    if not found.remove(member):
        return 0
    shortened(db, source, "s", "srem")
    db.counted = 1 + bool(sadd(db, target, member))
    return 1


def members_of(db: Keyspace, key: str) -> Set | None:
    """Return the set for a command that reads; None if there is none. Raises CommandError."""
    return value_in(db.read(key), Set)


def scard(db: Keyspace, key: str) -> Reply:
    """SCARD key: how many members it has."""
    return len(members_of(db, key) or ())


def sismember(db: Keyspace, key: str, member: bytes) -> Reply:
    """SISMEMBER key member."""
    return int(member in (members_of(db, key) or ()))


def smismember(db: Keyspace, key: str, *members: bytes) -> Reply:
    """SMISMEMBER key member [member ...]."""
    found = members_of(db, key) or ()
    return [int(member in found) for member in members]


def smembers(db: Keyspace, key: str) -> Reply:
    """SMEMBERS key."""
    return Members(members_of(db, key) or ())


# Several sets


def union(sets: list[Iterable[bytes]]) -> Iterable[bytes]:
    """Combine sets: what is in any of them."""
    return dict.fromkeys(member for each in sets for member in each)


def intersection(sets: list[Any]) -> Iterable[bytes]:
    """Combine sets: what is in all of them."""
    first, *others = sorted(sets, key=len)
    return [member for member in first if all(member in each for each in others)]


def difference(sets: list[Any]) -> Iterable[bytes]:
    """Combine sets: what is in the first and in no other one."""
    first, *others = sets
    return [member for member in first if not any(member in each for each in others)]


def combined(combine: Combine, name: str) -> Callable[..., Reply]:
    """Make a command that replies with what sets give together."""

    def function(db: Keyspace, *keys: str) -> Reply:
        return Members(combine([members_of(db, key) or () for key in keys]))

    function.__doc__ = f"{name} key [key ...]."
    return function


def combined_into(combine: Combine, name: str) -> Callable[..., Reply]:
    """Make a command that stores what sets give together; an empty result removes the key."""

    def function(db: Keyspace, target: str, *keys: str) -> Reply:
        members = combine([members_of(db, key) or () for key in keys])
        return replaced(db, target, set_of(db, members), "s", name.lower())

    function.__doc__ = f"{name} destination key [key ...]: how many members the result has."
    return function


def set_of(db: Keyspace, members: Iterable[bytes]) -> Set:
    """Make a set of these members."""
    result = Set(db)
    for member in members:
        result.add(member)
    return result


def sintercard(db: Keyspace, *parts: bytes) -> Reply:
    """SINTERCARD numkeys key [key ...] [LIMIT limit]: how many members the intersection has."""
    number = at_least(1, parts[0], "ERR numkeys should be greater than 0")
    if number > len(parts) - 1:
        raise CommandError("ERR Number of keys can't be greater than number of args")
    keys, options, limit = parts[1 : number + 1], parts[number + 1 :], 0
    for at in range(0, len(options), 2):
        if options[at].upper() != b"LIMIT" or at + 1 == len(options):
            raise CommandError(SYNTAX)
        limit = at_least(0, options[at + 1], "ERR LIMIT can't be negative")
    count = len(list(intersection([members_of(db, text(key)) or () for key in keys])))
    return min(count, limit) if limit else count


# By chance


def spop(db: Keyspace, key: str, *count: bytes) -> Reply:
    """SPOP key [count]: members drawn at random, and removed."""
    if len(count) > 1:
        raise CommandError(SYNTAX)
    wanted = at_least(0, count[0], NOT_POSITIVE) if count else 1
    found = value_in(db.write(key), Set)
    if found is None or not wanted:
        return Members() if count else None
    taken = list(found) if wanted >= len(found) and count else []
    for _ in range(0 if taken else wanted):
        taken.append(found.draw())
        found.remove(taken[-1])
    for member in taken:
        found.remove(member)
    shortened(db, key, "s", "spop")
    return Members(taken) if count else taken[0]


def srandmember(db: Keyspace, key: str, *count: bytes) -> Reply:
    """SRANDMEMBER key [count]: with a count below 0 a member may come more than once."""
    if len(count) > 1:
        raise CommandError(SYNTAX)
    if not count:
        found = members_of(db, key)
        return None if found is None else found.draw()
    wanted = long_in_range(count[0], -HIGHEST, HIGHEST)
    return several(db, list(members_of(db, key) or ()), wanted)


def sscan(db: Keyspace, key: str, position: int, *parts: bytes) -> Reply:
    """SSCAN key cursor [MATCH pattern] [COUNT n]: an intset is returned whole."""
    found = members_of(db, key)
    if found is None:
        return [b"0", []]
    given = ScanOptions.read(parts)
    if found.table is None:
        position, members = 0, list(found)
    else:
        position, members = walk(found.table, position, given.wanted)
    return [b"%d" % position, [member for member in members if given.wants(member)]]


def would_pop(db: Keyspace, key: str, *count: bytes) -> Reply:
    """Tell what SPOP would reply, as far as its bytes go: the first members."""
    wanted = at_least(0, count[0], NOT_POSITIVE) if count else 1
    return list(islice(value_in(db.find(key), Set) or (), wanted))


def would_draw(db: Keyspace, key: str, *count: bytes) -> Reply:
    """Tell what SRANDMEMBER would reply; without a count, as far as its bytes go: the first member."""
    if count:
        return srandmember(db, key, *count)
    return next(iter(members_of(db, key) or ()), None)


# For replicas and files


def popped(db: Any, argv: Arguments, reply: Any) -> list[Command]:
    """SPOP: DEL if nothing is left, or an SREM per member."""
    _, key, *count = argv
    taken = reply if count else [reply]
    if count and text(key) not in db.table.entries:
        return [("DEL", key)]
    return [("SREM", key, member) for member in taken]


def dump(found: Set) -> bytes:
    """Write the members of a set of texts for an RDB file."""
    # redis 7: rdb.c, RDB_TYPE_SET
    return rdb_parts.length(len(found)) + b"".join(map(rdb_parts.text, found))


DUMPS = {Set: (2, dump)}
LOADS: dict[int, Load] = {
    2: lambda reader, db: set_of(db, reader.texts()),
    11: lambda reader, db: set_of(db, in_intset(reader.text())),
}
READ, ADD = "readonly", "write denyoom fast"
SETS = {"SINTER": intersection, "SUNION": union, "SDIFF": difference}
COMMANDS = table(
    RedisCommand("SADD", "key value [value ...]", ADD, sadd),
    RedisCommand("SCARD", "key", "readonly fast", scard),
    RedisCommand(
        "SINTERCARD", "argument argument [argument ...]", "readonly movablekeys", sintercard,
        keys=CountedKeys(1),
    ),
    RedisCommand("SISMEMBER", "key argument", "readonly fast", sismember),
    RedisCommand("SMEMBERS", "key", READ, smembers, replies=smembers),
    RedisCommand("SMISMEMBER", "key argument [argument ...]", "readonly fast", smismember),
    RedisCommand("SMOVE", "key key argument", "write fast", smove),
    RedisCommand("SPOP", "key [argument ...]", "write fast", spop, would_pop, propagates=popped),
    RedisCommand("SRANDMEMBER", "key [argument ...]", READ, srandmember, would_draw),
    RedisCommand("SREM", "key argument [argument ...]", "write fast", srem),
    RedisCommand("SSCAN", "key cursor [option ...]", READ, sscan, replies=sscan),
    *(
        RedisCommand(name, "key [key ...]", READ, reply := combined(how, name), replies=reply)
        for name, how in SETS.items()
    ),
    *(
        RedisCommand(f"{name}STORE", "key key [key ...]", "write denyoom", combined_into(how, f"{name}STORE"))
        for name, how in SETS.items()
    ),
)  # fmt: skip
