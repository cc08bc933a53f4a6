"""CONFIG: the server's parameters. Some have an effect here; others are only kept and shown.

A parameter is read, checked and shown as redis 7 does it in config.c.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.database import DATABASES
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.helptexts import CONFIG, helper
from cachesim.engines.redis.info import counters
from cachesim.engines.redis.memory import as_bytes, as_integer
from cachesim.engines.redis.policy import POLICIES
from cachesim.engines.redis.pubsub import read_events
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.snapshots import read_points, show_points
from cachesim.errors import CommandError

PROTECTED = "can't set protected config"  # by clients: enable-protected-configs is no
INT, LONG = 2**31 - 1, 2**63 - 1
FASTEST = 500  # ticks of the cron per second (redis 7: server.h, CONFIG_MAX_HZ)

# redis 7: util.c, memtoull. "kb" is 1024 bytes, "k" is 1000.
UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9}
UNITS |= {"gb": 1 << 30}

Read = Callable[[str], Any]  # raises ValueError with the end of Redis's sentence


class Setting(NamedTuple):
    """A parameter of CONFIG. `apply` is None if it can only be given at the start."""

    shown: Callable[[Any], object]
    read: Read
    apply: Callable[[Any, Any], None] | None
    why_not: str = "can't set immutable config"


def whole(lowest: int, highest: int) -> Read:
    """Return a reader of integers from `lowest` to `highest`."""

    def read(value: str) -> int:
        number = as_integer(as_bytes(value))
        if number is None:
            raise ValueError("argument couldn't be parsed into an integer")
        return within(number, lowest, highest)

    return read


def within(number: int, lowest: int, highest: int) -> int:
    """Return the number, which must be in the range. Raises ValueError."""
    if not lowest <= number <= highest:
        raise ValueError(f"argument must be between {lowest} and {highest} inclusive")
    return number


def size(lowest: int = 0, highest: int = LONG) -> Read:
    """Return a reader of sizes such as "64mb"."""

    def read(value: str) -> int:
        match = re.fullmatch(r"([0-9]*)([a-z]*)", value.lower())
        if match is None or match[2] not in UNITS:
            raise ValueError("argument must be a memory value")
        return within(int(match[1] or 0) * UNITS[match[2]], lowest, highest)

    return read


def one_of(names: tuple[str, ...]) -> Read:
    """Return a reader of one of these names, in capital or small letters."""

    def read(value: str) -> str:
        if value.lower() not in names:
            raise ValueError(f"argument(s) must be one of the following: {', '.join(names)}")
        return value.lower()

    return read


def yes_or_no(value: str) -> str:
    """Read "yes" or "no". Raises ValueError."""
    if value.lower() not in ("yes", "no"):
        raise ValueError("argument must be 'yes' or 'no'")
    return value.lower()


def attribute(name: str, read: Read) -> Setting:
    """Return a setting that is an attribute of the engine."""
    return Setting(lambda db: getattr(db, name), read, lambda db, new: setattr(db, name, new))


def kept(name: str, default: str, read: Read = str) -> Setting:
    """Return a setting that is kept and shown, but has no effect in this engine."""

    def keep(db: Keyspace, new: object) -> None:
        db.kept_settings[name] = str(new)

    return Setting(lambda db: db.kept_settings.get(name, default), read, keep)


def fixed(value: object) -> Setting:
    """Return a setting that never changes."""
    return Setting(lambda db: value, str, None)


def limit(attribute: str, field: str, read: Read) -> Setting:
    """Return the setting of a limit up to which values of a type stay listpacks."""

    def apply(db: Keyspace, new: int) -> None:
        setattr(db, attribute, getattr(db, attribute)._replace(**{field: new}))

    return Setting(lambda db: getattr(getattr(db, attribute), field), read, apply)


def of_snapshots(name: str, read: Read = yes_or_no) -> Setting:
    """Return a setting of the snapshots."""
    return Setting(
        lambda db: getattr(db.snapshots, name),
        read,
        lambda db, new: setattr(db.snapshots, name, new),
    )


def set_samples(db: Any, new: int) -> None:
    """Set how many keys an eviction looks at."""
    db.evictor.samples = new


SETTINGS = {
    "active-expire-effort": attribute("active_expire_effort", whole(1, 10)),
    "hz": Setting(
        lambda db: db.hz,
        whole(0, INT),
        lambda db, new: db.use_hz(min(max(new, 1), FASTEST)),
    ),
    "lfu-decay-time": attribute("lfu_decay_time", whole(0, INT)),
    "lfu-log-factor": attribute("lfu_log_factor", whole(0, INT)),
    "maxmemory": Setting(lambda db: db.maxmemory, size(0, 2**64 - 1), Keyspace.limit_memory),
    "maxmemory-policy": Setting(
        lambda db: db.policy_name, one_of(tuple(POLICIES)), Keyspace.use_policy
    ),
    "maxmemory-samples": Setting(lambda db: db.evictor.samples, whole(1, INT), set_samples),
    "proto-max-bulk-len": attribute("longest_string", size(1 << 20)),
}
SETTINGS["set-max-intset-entries"] = attribute("set_limit", whole(0, LONG))
SETTINGS["notify-keyspace-events"] = attribute("notified", read_events)
SETTINGS["list-max-listpack-size"] = SETTINGS["list-max-ziplist-size"] = attribute(
    "list_fill", whole(-(2**31), INT)
)
for kind in ("hash", "zset"):
    for form in ("listpack", "ziplist"):  # the name of today, and the older one
        SETTINGS[f"{kind}-max-{form}-entries"] = limit(f"{kind}_limits", "entries", whole(0, LONG))
        SETTINGS[f"{kind}-max-{form}-value"] = limit(f"{kind}_limits", "value", size())
SETTINGS |= {
    "dbfilename": Setting(lambda db: db.snapshots.name, str, None, PROTECTED),
    "dir": Setting(lambda db: db.disk.folder, str, None, PROTECTED),
    "rdbchecksum": of_snapshots("checksum")._replace(apply=None),
    "rdbcompression": of_snapshots("compression"),
    "save": of_snapshots("points", read_points)._replace(
        shown=lambda db: show_points(db.snapshots.points)
    ),
    "stop-writes-on-bgsave-error": of_snapshots("stops_writes"),
}
FIXED = {"databases": DATABASES, "daemonize": "no", "io-threads": 1}
FIXED |= {"supervised": "no", "unixsocket": "", "logfile": "", "enable-debug-command": "no"}
SWITCHES = {  # name: value at the start
    "activedefrag": "no",
    "activerehashing": "yes",
    "appendonly": "no",
    "dynamic-hz": "yes",
    "latency-tracking": "yes",
    "lazyfree-lazy-eviction": "no",
    "lazyfree-lazy-expire": "no",
    "lazyfree-lazy-server-del": "no",
    "lazyfree-lazy-user-del": "no",
    "lazyfree-lazy-user-flush": "no",
    "protected-mode": "yes",
    "replica-lazy-flush": "no",
}
NUMBERS = {  # name: value at the start, lowest, highest
    "busy-reply-threshold": (5000, 0, LONG),
    "latency-monitor-threshold": (0, 0, LONG),
    "list-compress-depth": (0, 0, INT),
    "maxclients": (10000, 1, 2**32 - 1),
    "maxmemory-eviction-tenacity": (10, 0, 100),
    "port": (6379, 0, 65535),
    "slowlog-log-slower-than": (10000, -1, LONG),
    "slowlog-max-len": (128, 0, LONG),
    "tcp-keepalive": (300, 0, INT),
    "timeout": (0, 0, INT),
}
TEXTS = {
    "appendfsync": "everysec",
    "bind": "* -::*",
}
TEXTS |= {"loglevel": "notice", "requirepass": ""}
SETTINGS |= {name: fixed(value) for name, value in FIXED.items()}
SETTINGS |= {name: kept(name, value, yes_or_no) for name, value in SWITCHES.items()}
SETTINGS |= {name: kept(name, str(n), whole(low, up)) for name, (n, low, up) in NUMBERS.items()}
SETTINGS |= {name: kept(name, value) for name, value in TEXTS.items()}
SETTINGS["cluster-enabled"] = kept("cluster-enabled", "no")._replace(apply=None)


def config_get(db: Keyspace, *patterns: bytes) -> Reply:
    """CONFIG GET pattern [pattern ...]: a plain name is shown in the letters in which it was given.

    >>> sorted(matching(b"maxmemory-s*"))
    ['maxmemory-samples']
    """
    names = {name: setting for part in patterns for name, setting in matching(part).items()}
    return {as_bytes(name): str(setting.shown(db)).encode() for name, setting in names.items()}


def matching(part: bytes) -> dict[str, Setting]:
    """Return the settings that match a pattern of CONFIG GET."""
    if not re.search(rb"[*?\[]", part):
        setting = SETTINGS.get(text(part).lower())
        return {} if setting is None else {text(part): setting}
    is_match = glob(part.lower())
    return {name: setting for name, setting in SETTINGS.items() if is_match(name.encode())}


def config_set(db: Keyspace, *parts: bytes) -> Reply:
    """CONFIG SET name value [name value ...]: all of them, or none if one is wrong."""
    # redis 7: config.c, configSetCommand
    if len(parts) % 2:
        raise CommandError(SYNTAX)
    words = [text(part) for part in parts]
    settings: list[Setting] = []
    for name in words[::2]:
        settings.append(may_be_set(name, settings))
    new = [
        checked(name, setting, value)
        for name, setting, value in zip(words[::2], settings, words[1::2], strict=True)
    ]
    for apply, value in zip([s.apply for s in settings if s.apply], new, strict=True):
        apply(db, value)
    return "OK"


def may_be_set(name: str, others: list[Setting]) -> Setting:
    """Return the setting of that name. It must exist, be changeable and be named only once."""
    setting = SETTINGS.get(name.lower())
    if setting is None:
        raise CommandError(f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
    if setting.apply is None:
        raise failed(name, setting.why_not)
    if any(setting is other for other in others):
        raise failed(name, "duplicate parameter")
    return setting


def checked(name: str, setting: Setting, value: str) -> Any:
    """Read the value for a setting. Raises CommandError."""
    try:
        return setting.read(value)
    except ValueError as why:
        raise failed(name, str(why)) from None


def failed(name: str, why: str) -> CommandError:
    """Return the error for a setting that cannot be changed so."""
    return CommandError(f"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")


def resetstat(db: Keyspace) -> Reply:
    """CONFIG RESETSTAT: INFO counts from 0 again. The engine's own counters keep their values."""
    db.tally.reset(counters(db))
    return "OK"


def rewrite(db: Keyspace) -> Reply:
    """CONFIG REWRITE: there is no file to write."""
    raise CommandError("ERR The server is running without a config file")


ADMIN = "admin noscript loading stale"
COMMANDS = table(
    container("CONFIG"),
    RedisCommand("CONFIG|GET", "pattern [pattern ...]", ADMIN, config_get, replies=config_get),
    helper("CONFIG", CONFIG),
    RedisCommand("CONFIG|RESETSTAT", "", ADMIN, resetstat),
    RedisCommand("CONFIG|REWRITE", "", ADMIN, rewrite),
    RedisCommand("CONFIG|SET", "parameter argument [argument ...]", ADMIN, config_set),
)
