"""The commands of HyperLogLog, as redis 7 has them in hyperloglog.c."""

import math

from cachesim.engines.redis.arguments import text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.database import KeyEntry
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.hll_value import HyperLogLog, opened
from cachesim.engines.redis.hyperloglog import (
    DENSE,
    DENSE_BYTES,
    EMPTY,
    PARTS,
    REGISTERS,
    cached,
    check,
    dense,
    estimate,
    highest_of,
    place_of,
    registers_of,
    runs_of,
)
from cachesim.engines.redis.key_places import Positions
from cachesim.engines.redis.memory import room_of
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.structure import string_in
from cachesim.errors import CommandError

TESTED = 10_000  # elements: SIMPLIFIED, the server adds ten million, and takes seconds
NAMES = ("dense", "sparse")


def created(db: Keyspace, key: str) -> KeyEntry:
    """Store an empty HyperLogLog."""
    entry = db.add(key, EMPTY)
    db.overwrite(entry, EMPTY, room_of(len(EMPTY), db.quantum))
    return entry


def pfadd(db: Keyspace, key: str, *elements: bytes) -> Reply:
    """PFADD key [element ...]: 1 if that changed a register, or the key is new."""
    entry = string_in(db.write(key))
    is_new = entry is None
    if entry is None:
        entry = created(db, key)
    changed = opened(db, entry)
    try:
        updated = is_new + sum([changed.put(*place_of(element)) for element in elements])
    except CommandError:
        Keyspace.overwrite(db, entry, changed.value, changed.room)  # what was added before stays
        raise
    if updated:
        changed.forget()
        db.overwrite(entry, changed.value, changed.room)
        db.counted = updated
        db.event("$", "pfadd", key)
    else:
        Keyspace.overwrite(db, entry, entry.value, changed.room)  # it may have got room to grow
    return int(updated > 0)


def pfcount(db: Keyspace, *keys: str) -> Reply:
    """PFCOUNT key [key ...]: about how many different elements were added to any of them."""
    if len(keys) > 1:
        return estimate(highest(db, keys)[0])
    entry = string_in(db.read(keys[0]))
    if entry is None:
        return 0
    changed = opened(db, entry)
    number = cached(entry.value)
    if number is None:
        number = estimate(registers_of(entry.value))
        changed.remember(number)
        db.overwrite(entry, changed.value, changed.room)
    return number


def highest(db: Keyspace, keys: tuple[str, ...]) -> tuple[bytes, bool]:
    """Return the highest number of each register, and whether any of the keys is dense."""
    result, is_dense = bytes(REGISTERS), False
    for key in keys:
        entry = string_in(db.read(key))
        if entry is not None:
            check(entry.value)
            is_dense |= entry.value[4] == DENSE
            result = highest_of(result, registers_of(entry.value))
    return result, is_dense


def pfmerge(db: Keyspace, target: str, *keys: str) -> Reply:
    """PFMERGE destination [source ...]: the destination gets what was added to any of them."""
    registers, is_dense = highest(db, (target, *keys))
    entry = db.write(target) or created(db, target)
    changed = opened(db, entry)
    if is_dense:
        changed.use_dense()
    for index, number in enumerate(registers):
        if number:
            changed.put(index, number)
    changed.forget()
    db.overwrite(entry, changed.value, changed.room)
    db.event("$", "pfadd", target)
    return "OK"


# For tests


def pfdebug(db: Keyspace, subcommand: bytes, key: str) -> Reply:
    """PFDEBUG GETREG | DECODE | ENCODING | TODENSE key."""
    entry = db.write(key)
    if entry is None:
        raise CommandError("ERR The specified key does not exist")
    changed, name = opened(db, string_in(entry) or entry), text(subcommand).upper()
    if name == "ENCODING":
        return NAMES[entry.value[4]]
    if name == "DECODE":
        return decoded(entry.value)
    if name not in ("GETREG", "TODENSE"):
        raise CommandError(f"ERR Unknown PFDEBUG subcommand '{text(subcommand)}'")
    is_changed = changed.use_dense()
    if is_changed:
        db.overwrite(entry, changed.value, changed.room)
    return list(registers_of(entry.value)) if name == "GETREG" else int(is_changed)


def decoded(value: bytes) -> bytes:
    """Return the runs of a sparse HyperLogLog: zeros (Z: in two bytes), or value and length.

    >>> decoded(EMPTY)
    b'Z:16384'
    """
    if value[4] == DENSE:
        raise CommandError("ERR HLL encoding is not sparse")
    words = []
    for run in runs_of(value):
        length, number = PARTS[run]
        words.append(
            f"v:{number},{length}" if number else f"{'Z' if run[0] & 0x40 else 'z'}:{length}"
        )
    return " ".join(words).encode()


def pfselftest(db: Keyspace) -> Reply:
    """PFSELFTEST: registers keep what they get, and estimates are as good as they should be."""
    drawn = bytes(int(db.random() * 64) for _ in range(REGISTERS))
    if registers_of(dense(EMPTY, drawn)) != drawn:
        raise CommandError("ERR TESTFAILED Registers do not hold what they got")
    sparse = HyperLogLog(EMPTY, len(EMPTY), db.hll_sparse_bytes, db.quantum)
    full = HyperLogLog(dense(EMPTY, bytes(REGISTERS)), DENSE_BYTES, 0, db.quantum)
    seed = int(db.random() * (1 << 62))
    for count in range(1, TESTED + 1):
        place = place_of((count ^ seed).to_bytes(8, "little"))
        sparse.put(*place)
        full.put(*place)
        if math.log10(count).is_integer():
            compare(count, *(estimate(registers_of(each.value)) for each in (sparse, full)))
    return "OK"


def compare(count: int, one: int, other: int) -> None:
    """Raise CommandError if two estimates differ, or are six standard errors away from the count."""
    if one != other:
        raise CommandError("ERR TESTFAILED dense/sparse disagree")
    most = 1 if count == 10 else math.ceil(6 * 1.04 / math.sqrt(REGISTERS) * count)
    if abs(one - count) > most:
        raise CommandError(f"ERR TESTFAILED Too big error. card:{count} abserr:{abs(one - count)}")


def debugged(db: Keyspace, subcommand: bytes, key: str) -> Reply:
    """Tell the string that PFDEBUG would reply."""
    entry = string_in(db.find(key))
    if entry is None or text(subcommand).upper() != "DECODE":
        return None
    check(entry.value)
    return decoded(entry.value)


COMMANDS = table(
    RedisCommand("PFADD", "key [value ...]", "write denyoom fast", pfadd),
    RedisCommand("PFCOUNT", "key [key ...]", "readonly may_replicate", pfcount),
    RedisCommand(
        "PFDEBUG", "argument key", "write denyoom admin", pfdebug, replies=debugged,
        keys=Positions(2, 2, 1),
    ),
    RedisCommand("PFMERGE", "key [key ...]", "write denyoom", pfmerge),
    RedisCommand("PFSELFTEST", "", "admin", pfselftest),
)  # fmt: skip
