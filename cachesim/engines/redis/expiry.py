"""The commands on TTLs, as redis 7 has them in expire.c; which keys are dead: db.py, expire.py."""

from cachesim.engines.base import INVALIDATED
from cachesim.engines.redis.command import Arguments, Command, Reply, integer, quoted, text
from cachesim.engines.redis.db import Entry, Keyspace
from cachesim.engines.redis.memory import HIGHEST, LOWEST
from cachesim.errors import CommandError


def expire(db: Keyspace, argv: Arguments) -> Reply:
    """EXPIRE key seconds, PEXPIRE key ms, EXPIREAT key s, PEXPIREAT key ms [NX|XX|GT|LT]."""
    # redis 7: expire.c, expireGenericCommand
    flags = conditions(argv)
    name = text(argv[0]).lower()
    number = integer(argv[2]) * (1 if name.startswith("p") else 1000)
    when = number if name.endswith("at") else number + db.now
    if not LOWEST <= min(number, when) <= max(number, when) <= HIGHEST:
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    entry = db.write(text(argv[1]))
    if entry is None or not holds(flags, entry, when):
        return 0
    if when <= db.now:
        db.remove(entry, INVALIDATED)  # no TTL ran out: a client removed the key
    else:
        db.expire_at(entry, when)
    return 1


def conditions(argv: Arguments) -> set[str]:
    """Return the options of EXPIRE. Raises CommandError."""
    flags = set()
    for part in argv[3:]:
        flags.add(text(part).upper())
        if not flags <= {"NX", "XX", "GT", "LT"}:
            raise CommandError(f"ERR Unsupported option {quoted(part, len(part))}")
    if "NX" in flags and len(flags) > 1:
        raise CommandError("ERR NX and XX, GT or LT options at the same time are not compatible")
    if {"GT", "LT"} <= flags:
        raise CommandError("ERR GT and LT options at the same time are not compatible")
    return flags


def holds(flags: set[str], entry: Entry, when: int) -> bool:
    """Return whether the TTL that a key has allows the new one; none at all is the longest."""
    old = entry.when
    return not (
        ("NX" in flags and old is not None)
        or ("XX" in flags and old is None)
        or ("GT" in flags and (old is None or when <= old))
        or ("LT" in flags and old is not None and when >= old)
    )


def ttl(db: Keyspace, argv: Arguments) -> Reply:
    """TTL key, in seconds to the nearest; PTTL key, in ms; -1 without a TTL, -2 without a key.

    EXPIRETIME key, PEXPIRETIME key: the same as Unix time.
    """
    entry = db.read(text(argv[1]), touch=False)
    if entry is None:
        return -2
    if entry.when is None:
        return -1
    name = text(argv[0]).upper()
    left = entry.when if name.endswith("EXPIRETIME") else max(0, entry.when - db.now)
    return left if name.startswith("P") else (left + 500) // 1000


def persist(db: Keyspace, argv: Arguments) -> Reply:
    """PERSIST key."""
    entry = db.write(text(argv[1]))
    return int(entry is not None and db.persist(entry))


COMMANDS = {
    "EXPIRE": Command(-3, "write fast", expire),
    "EXPIREAT": Command(-3, "write fast", expire),
    "EXPIRETIME": Command(2, "readonly fast", ttl),
    "PERSIST": Command(2, "write fast", persist),
    "PEXPIRE": Command(-3, "write fast", expire),
    "PEXPIREAT": Command(-3, "write fast", expire),
    "PEXPIRETIME": Command(2, "readonly fast", ttl),
    "PTTL": Command(2, "readonly fast", ttl),
    "TTL": Command(2, "readonly fast", ttl),
}
