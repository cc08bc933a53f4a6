"""The simple engine behind Redis's protocol: the few commands that it has, for any Redis client."""

from cachesim.engines.base import Engine
from cachesim.engines.redis.arguments import (
    NOT_AN_INTEGER,
    SYNTAX,
    Arguments,
    quoted,
    text,
    wrong_number,
)
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.reply import Reply
from cachesim.errors import BadInput, CommandError


def get(engine: Engine, key: str) -> Reply:
    """GET key."""
    return engine.get(key)


def set_(engine: Engine, key: str, value: bytes, *parts: bytes) -> Reply:
    """SET key value [EX seconds | PX milliseconds]."""
    if not parts:
        engine.set(key, value)
        return "OK"
    if len(parts) != 2 or parts[0].upper() not in (b"EX", b"PX"):
        raise CommandError(SYNTAX)
    try:
        lasts = float(parts[1])
    except ValueError:
        raise CommandError(NOT_AN_INTEGER) from None
    try:
        engine.set(key, value, lasts if parts[0].upper() == b"EX" else lasts / 1000)
    except BadInput as error:
        raise CommandError(f"ERR {error}") from None
    return "OK"


def delete(engine: Engine, *keys: str) -> Reply:
    """DEL key [key ...]."""
    return sum(map(engine.delete, keys))


def dbsize(engine: Engine) -> Reply:
    """DBSIZE."""
    return len(engine)


def echo(engine: Engine, message: bytes) -> Reply:
    """ECHO message."""
    return message


def flushall(engine: Engine, *parts: bytes) -> Reply:
    """FLUSHALL [ASYNC | SYNC]."""
    engine.flush()
    return "OK"


def ping(engine: Engine, message: bytes | None = None) -> Reply:
    """PING [message]."""
    return "PONG" if message is None else message


COMMANDS = table(
    RedisCommand("DBSIZE", "", "readonly fast", dbsize),
    RedisCommand("DEL", "key [key ...]", "write", delete),
    RedisCommand("ECHO", "message", "fast", echo),
    RedisCommand("FLUSHALL", "[option ...]", "write", flushall),
    RedisCommand("GET", "key", "readonly fast", get),
    RedisCommand("PING", "[message]", "fast", ping),
    RedisCommand("SET", "key value [option ...]", "write", set_),
)


def run_simple(engine: Engine, argv: Arguments) -> Reply:
    """Run a command on the simple engine. Raises CommandError."""
    row = COMMANDS.get(text(argv[0]).upper())
    if row is None:
        known = ", ".join(COMMANDS)
        raise CommandError(
            f"ERR unknown command '{quoted(argv[0])}': the simple engine has {known}"
        )
    if not row.takes(argv):
        raise wrong_number(row.name)
    return row.function(engine, *row.read(argv))
