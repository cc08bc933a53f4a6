"""The commands about the server itself: PING, TIME, DBSIZE, FLUSHALL, CONFIG and INFO."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from cachesim.engines.base import START
from cachesim.engines.redis.command import (
    NO_KEYS,
    SYNTAX,
    Arguments,
    Command,
    Reply,
    container,
    text,
    wrong_number,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.policy import POLICIES
from cachesim.errors import CommandError

# redis 7: util.c, memtoull. With a "b" a unit counts in powers of 1024, without in powers of 1000.
UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9}
UNITS |= {"gb": 1 << 30}


def ping(db: Keyspace, argv: Arguments) -> Reply:
    """PING [message]."""
    if len(argv) > 2:
        raise wrong_number("ping")
    return argv[1] if len(argv) == 2 else "PONG"


def echo(db: Keyspace, argv: Arguments) -> Reply:
    """ECHO message."""
    return argv[1]


def time(db: Keyspace, argv: Arguments) -> Reply:
    """TIME: whole seconds, and the microseconds beyond them."""
    now = int(db.clock() * 1_000_000 + 5e-4) + START * 1_000_000
    return [b"%d" % part for part in divmod(now, 1_000_000)]


def read_maxmemory(value: str) -> int:
    """Return the bytes that a text such as "64mb" means to CONFIG SET."""
    match = re.fullmatch(r"([0-9]+)([a-z]*)", value.lower())
    if match is None or match[2] not in UNITS:
        raise ValueError("argument must be a memory value")
    return int(match[1]) * UNITS[match[2]]


def read_policy(value: str) -> str:
    """Return the name of a policy in lower case."""
    if value.lower() not in POLICIES:
        names = ", ".join(POLICIES)
        raise ValueError(f"argument(s) must be one of the following: {names}")
    return value.lower()


class Setting(NamedTuple):
    """A parameter of CONFIG."""

    shown: Callable[[Keyspace], object]
    read: Callable[[str], int | str]  # raises ValueError with the end of Redis's sentence
    apply: Callable[[Keyspace, Any], None]


SETTINGS = {
    "maxmemory": Setting(lambda db: db.maxmemory, read_maxmemory, Keyspace.limit_memory),
    "maxmemory-policy": Setting(lambda db: db.policy_name, read_policy, Keyspace.use_policy),
}


def config_get(db: Keyspace, argv: Arguments) -> Reply:
    """CONFIG GET pattern [pattern ...]."""
    patterns = [text(part).lower() for part in argv[2:]]
    names = [name for name in SETTINGS if any(fnmatchcase(name, p) for p in patterns)]
    return {name.encode(): str(SETTINGS[name].shown(db)).encode() for name in names}


def config_set(db: Keyspace, argv: Arguments) -> Reply:
    """CONFIG SET name value [name value ...]: all of them, or none if one is wrong."""
    # redis 7: config.c, configSetCommand
    if len(argv) % 2:
        raise CommandError(SYNTAX)
    new: dict[str, int | str] = {}
    words = [text(part) for part in argv[2:]]
    pairs = [(name.lower(), value) for name, value in zip(words[::2], words[1::2], strict=True)]
    for name, _ in pairs:
        if name not in SETTINGS:
            raise CommandError(
                f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
            )
    for name, value in pairs:
        new[name] = checked(name, value, seen=name in new)
    for name, setting in new.items():
        SETTINGS[name].apply(db, setting)
    return "OK"


def checked(name: str, value: str, seen: bool) -> int | str:
    """Return the value for a setting. Raises CommandError."""
    try:
        if seen:
            raise ValueError("duplicate parameter")
        return SETTINGS[name].read(value)
    except ValueError as why:
        raise CommandError(
            f"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"
        ) from None


def memory_section(db: Keyspace) -> dict[str, object]:
    """Return what INFO says about memory."""
    return {
        "used_memory": db.memory,
        "maxmemory": db.maxmemory,
        "maxmemory_policy": db.policy_name,
    }


def stats_section(db: Keyspace) -> dict[str, object]:
    """Return what INFO counts."""
    return {
        "expired_keys": db.expirations,
        "evicted_keys": db.evictions,
        "keyspace_hits": db.keyspace_hits,
        "keyspace_misses": db.keyspace_misses,
    }


def keyspace_section(db: Keyspace) -> dict[str, object]:
    """Return what INFO says about the databases that have keys."""
    return {
        f"db{index}": f"keys={len(database.keys.nodes)},expires={len(database.expires.nodes)},"
        f"avg_ttl={database.average_ttl}"
        for index, database in sorted(db.databases.items())
        if database.keys.nodes
    }


SECTIONS = {"memory": memory_section, "stats": stats_section, "keyspace": keyspace_section}


def info(db: Keyspace, argv: Arguments) -> Reply:
    """INFO [section ...]: of the sections Memory, Stats and Keyspace."""
    wanted = {text(part).lower() for part in argv[1:]}
    everything = not wanted or wanted & {"all", "default", "everything"}
    parts = []
    for name, section in SECTIONS.items():
        if everything or name in wanted:
            lines = [f"{field}:{value}\r\n" for field, value in section(db).items()]
            parts.append("".join([f"# {name.capitalize()}\r\n", *lines]))
    return "\r\n".join(parts).encode()


COMMANDS = {
    "CONFIG": Command(-1, "", container, NO_KEYS),
    "CONFIG|GET": Command(-3, "", config_get, NO_KEYS),
    "CONFIG|SET": Command(-4, "", config_set, NO_KEYS),
    "ECHO": Command(2, "fast", echo, NO_KEYS),
    "INFO": Command(-1, "", info, NO_KEYS),
    "PING": Command(-1, "fast", ping, NO_KEYS),
    "TIME": Command(1, "fast", time, NO_KEYS),
}
