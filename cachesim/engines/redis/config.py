"""CONFIG: the server's parameters, as redis 7 reads, checks and shows them in config.c.

parameters.csv lists them, with what each does here (parameters.py).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cachesim.engines.redis.arguments import SYNTAX, text
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.glob import glob
from cachesim.engines.redis.helptexts import CONFIG, helper
from cachesim.engines.redis.info import counters
from cachesim.engines.redis.memory import as_bytes
from cachesim.engines.redis.parameters import Parameter, parameters, value_of
from cachesim.engines.redis.reply import Reply
from cachesim.engines.redis.snapshots import read_points, show_points
from cachesim.errors import BadInput, CommandError

FASTEST = 500  # ticks of the cron per second (redis 7: server.h, CONFIG_MAX_HZ)


class Effect(NamedTuple):
    """Where the engine has the value of a parameter, and how it takes another one."""

    shown: Callable[[Any], object]
    apply: Callable[[Any, Any], None]


def attribute(name: str) -> Effect:
    """Return the effect of a parameter that is an attribute of the engine."""
    return Effect(lambda db: getattr(db, name), lambda db, new: setattr(db, name, new))


def limit(attribute: str, field: str) -> Effect:
    """Return the effect of a limit up to which values of a type stay listpacks, or share one."""

    def apply(db: Keyspace, new: int) -> None:
        setattr(db, attribute, getattr(db, attribute)._replace(**{field: new}))

    return Effect(lambda db: getattr(getattr(db, attribute), field), apply)


def of_snapshots(name: str) -> Effect:
    """Return the effect of a parameter of the snapshots."""
    return Effect(
        lambda db: getattr(db.snapshots, name), lambda db, new: setattr(db.snapshots, name, new)
    )


def set_samples(db: Any, new: int) -> None:
    """Set how many keys an eviction looks at."""
    db.evictor.samples = new


# Parameters that the engine has as its own attributes. The others that work are looked up where
# they are needed (Keyspace.setting).
EFFECTS = {
    "active-expire-effort": attribute("active_expire_effort"),
    "busy-reply-threshold": attribute("busy_reply_threshold"),
    "dbfilename": of_snapshots("name"),
    "dir": Effect(lambda db: db.disk.folder, lambda db, new: None),  # the server is started there
    "hash-max-listpack-entries": limit("hash_limits", "entries"),
    "hash-max-listpack-value": limit("hash_limits", "value"),
    "hll-sparse-max-bytes": attribute("hll_sparse_bytes"),
    "hz": Effect(lambda db: db.hz, lambda db, new: db.use_hz(min(max(new, 1), FASTEST))),
    "lfu-decay-time": attribute("lfu_decay_time"),
    "lfu-log-factor": attribute("lfu_log_factor"),
    "list-max-listpack-size": attribute("list_fill"),
    "maxmemory": Effect(lambda db: db.maxmemory, Keyspace.limit_memory),
    "maxmemory-policy": Effect(lambda db: db.policy_name, Keyspace.use_policy),
    "maxmemory-samples": Effect(lambda db: db.evictor.samples, set_samples),
    "notify-keyspace-events": attribute("notified"),
    "proto-max-bulk-len": attribute("longest_string"),
    "rdbchecksum": of_snapshots("checksum"),
    "requirepass": Effect(
        lambda db: value_of(db.settings, "requirepass"), lambda db, new: db.users.require(new)
    ),
    "save": Effect(
        lambda db: show_points(db.snapshots.points),
        lambda db, new: setattr(db.snapshots, "points", read_points(new)),
    ),
    "set-max-intset-entries": attribute("set_limit"),
    "stop-writes-on-bgsave-error": of_snapshots("stops_writes"),
    "stream-node-max-bytes": limit("stream_limits", "bytes"),
    "stream-node-max-entries": limit("stream_limits", "entries"),
    "zset-max-listpack-entries": limit("zset_limits", "entries"),
    "zset-max-listpack-value": limit("zset_limits", "value"),
}


def shown(db: Keyspace, row: Parameter) -> Any:
    """Return the value of a parameter now."""
    effect = EFFECTS.get(row.name)
    return value_of(db.settings, row.name) if effect is None else effect.shown(db)


def take(db: Keyspace, row: Parameter, new: Any) -> None:
    """Let a parameter have a value that was read."""
    db.settings[row.name] = new
    if row.name in EFFECTS:
        EFFECTS[row.name].apply(db, new)


def configure(db: Keyspace, settings: Iterable[tuple[str, str]]) -> None:
    """Set parameters at the start, as the lines of redis.conf do. Raises BadInput.

    >>> from cachesim.engines.redis.engine import Redis
    >>> engine = Redis().build(clock=lambda: 0.0, random=lambda: 0.5)
    >>> configure(engine, [("maxclients", "3")])
    >>> engine.execute(("CONFIG", "GET", "maxclients"))
    {b'maxclients': b'3'}
    """
    for name, value in settings:
        row = parameters().get(name.lower())
        if row is None:
            raise BadInput(f'there is no parameter "{name}"; CONFIG GET * lists them')
        try:
            take(db, row, fit(db, row, value, at_start=True))
        except ValueError as why:
            raise BadInput(f'{name} "{value}": {why}') from None


def fit(db: Keyspace, row: Parameter, value: str, at_start: bool = False) -> Any:
    """Read a value that a parameter can take now. Raises ValueError."""
    new = row.read(value)
    if row.effect == "default only" or (row.effect == "works at start" and not at_start):
        old = shown(db, row)
        if new != old:
            raise ValueError(f"cachesim can only have '{old}' here")
    return new


def config_get(db: Keyspace, *patterns: bytes) -> Reply:
    """CONFIG GET pattern [pattern ...]: a plain name is shown in the letters in which it was given.

    >>> sorted(matching(b"maxmemory-s*"))
    ['maxmemory-samples']
    """
    names = {name: row for part in patterns for name, row in matching(part).items()}
    return {as_bytes(name): as_bytes(str(shown(db, row))) for name, row in names.items()}


def matching(part: bytes) -> dict[str, Parameter]:
    """Return the parameters that match a pattern of CONFIG GET."""
    if not re.search(rb"[*?\[]", part):
        row = parameters().get(text(part).lower())
        return {} if row is None else {text(part): row}
    is_match = glob(part.lower())
    rows = parameters().items()
    return {name: row for name, row in rows if is_match(name.encode()) and not row.is_hidden}


def config_set(db: Keyspace, *parts: bytes) -> Reply:
    """CONFIG SET name value [name value ...]: all of them, or none if one is wrong."""
    # redis 7: config.c, configSetCommand
    if len(parts) % 2:
        raise CommandError(SYNTAX)
    words = [text(part) for part in parts]
    rows: list[tuple[str, Parameter]] = []
    for name in words[::2]:
        rows.append((name, may_be_set(db, name, rows)))
    new = [checked(db, *named, value) for named, value in zip(rows, words[1::2], strict=True)]
    old = [shown(db, row) for _, row in rows]
    take_all(db, rows, new)
    try:
        if db.after_settings is not None:
            db.after_settings({row.name for _, row in rows})
    except ValueError as why:
        take_all(db, rows, old)
        raise failed(rows[0][0].lower(), str(why)) from None
    return "OK"


def take_all(db: Keyspace, rows: list[tuple[str, Parameter]], values: list[Any]) -> None:
    """Let several parameters have their values."""
    for (_, row), value in zip(rows, values, strict=True):
        take(db, row, value)


def may_be_set(db: Keyspace, name: str, others: list[tuple[str, Parameter]]) -> Parameter:
    """Return the parameter of that name. It must exist, be changeable and be named only once."""
    row = parameters().get(name.lower())
    if row is None:
        raise CommandError(f"ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
    if row.change == "at start":
        raise failed(name, "can't set immutable config")
    if row.change == "protected" and value_of(db.settings, "enable-protected-configs") == "no":
        raise failed(name, "can't set protected config")
    if any(name.lower() == other.lower() for other, _ in others):
        raise failed(name, "duplicate parameter")
    return row


def checked(db: Keyspace, name: str, row: Parameter, value: str) -> Any:
    """Read the value for a parameter. Raises CommandError."""
    try:
        return fit(db, row, value)
    except ValueError as why:
        raise failed(name.lower(), str(why)) from None


def failed(name: str, why: str) -> CommandError:
    """Return the error for a setting that cannot be changed so."""
    return CommandError(f"ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")


def resetstat(db: Keyspace) -> Reply:
    """CONFIG RESETSTAT: INFO counts from 0 again. The engine's own counters keep their values."""
    db.tally.reset(counters(db))
    return "OK"


def rewrite(db: Keyspace) -> Reply:
    """CONFIG REWRITE: write the parameters into the file with which the server was started."""
    if db.rewrite_file is None:
        raise CommandError("ERR The server is running without a config file")
    try:
        db.rewrite_file()
    except OSError as why:
        raise CommandError(f"ERR Rewriting config file: {why.strerror}") from None
    return "OK"


ADMIN = "admin noscript loading stale"
COMMANDS = table(
    container("CONFIG"),
    RedisCommand("CONFIG|GET", "pattern [pattern ...]", ADMIN, config_get, replies=config_get),
    helper("CONFIG", CONFIG),
    RedisCommand("CONFIG|RESETSTAT", "", ADMIN, resetstat),
    RedisCommand("CONFIG|REWRITE", "", ADMIN, rewrite),
    RedisCommand("CONFIG|SET", "parameter argument [argument ...]", ADMIN, config_set),
)
