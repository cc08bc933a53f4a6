"""The commands about the server itself; CONFIG and INFO have files of their own."""

from cachesim.engines.base import START
from cachesim.engines.redis.command import RedisCommand, container, table
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.info import VERSION
from cachesim.engines.redis.memory import as_integer
from cachesim.engines.redis.reply import Reply, Verbatim
from cachesim.errors import CommandError

NO_DEBUG = (
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
    '"local", you can run it from a local connection, otherwise you need to set this option in '
    "the configuration file, and then restart the server."
)


def ping(db: Keyspace, message: bytes | None = None) -> Reply:
    """PING [message]."""
    return "PONG" if message is None else message


def echo(db: Keyspace, message: bytes) -> Reply:
    """ECHO message."""
    return message


def time(db: Keyspace) -> Reply:
    """TIME: whole seconds of Unix time, and the microseconds beyond them."""
    now = int(db.clock() * 1e6 + 0.5) + START * 1_000_000
    return [b"%d" % part for part in divmod(now, 1_000_000)]


def wait(db: Keyspace, replicas: int, part: bytes) -> Reply:
    """WAIT replicas milliseconds: how many replicas have the writes.

    SIMPLIFIED: there are none, and the reply comes at once.
    """
    timeout = as_integer(part)
    if timeout is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if timeout < 0:
        raise CommandError("ERR timeout is negative")
    return 0


def role(db: Keyspace) -> Reply:
    """ROLE: a master without replicas, at offset 0 of the replication."""
    return [b"master", 0, []]


def lolwut(db: Keyspace, *parts: bytes) -> Reply:
    """LOLWUT [VERSION version ...]: the version, without the picture above it."""
    return Verbatim(f"Redis ver. {VERSION}\n".encode())


def latency_latest(db: Keyspace) -> Reply:
    """LATENCY LATEST: nothing, because the server's default threshold is off."""
    return []


def latency_history(db: Keyspace, event: bytes) -> Reply:
    """LATENCY HISTORY event: nothing, because the server's default threshold is off."""
    return []


def latency_reset(db: Keyspace, *events: bytes) -> Reply:
    """LATENCY RESET [event ...]: how many events were forgotten."""
    return 0


def debug(db: Keyspace, *parts: bytes) -> Reply:
    """DEBUG: refused, as by a server whose configuration does not allow it."""
    raise CommandError(NO_DEBUG)


OF_OPERATORS = "admin noscript loading stale"
COMMANDS = table(
    RedisCommand("DEBUG", "argument [argument ...]", "admin noscript loading stale", debug),
    RedisCommand("ECHO", "message", "loading stale fast", echo, replies=echo),
    container("LATENCY"),
    RedisCommand("LATENCY|HISTORY", "argument", OF_OPERATORS, latency_history),
    RedisCommand("LATENCY|LATEST", "", OF_OPERATORS, latency_latest),
    RedisCommand("LATENCY|RESET", "[argument ...]", OF_OPERATORS, latency_reset),
    RedisCommand("LOLWUT", "[option ...]", "readonly fast", lolwut),
    RedisCommand("PING", "[message]", "fast", ping, replies=ping),
    RedisCommand("ROLE", "", "noscript loading stale fast", role),
    RedisCommand("TIME", "", "loading stale fast", time),
    RedisCommand("WAIT", "integer milliseconds", "noscript", wait),
)
