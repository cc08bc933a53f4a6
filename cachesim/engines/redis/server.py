"""The commands about the server itself that need no file of their own, as CONFIG and INFO do."""

from cachesim.engines.base import START
from cachesim.engines.redis.command import (
    NO_KEYS,
    Arguments,
    Command,
    Keys,
    Reply,
    Verbatim,
    container,
    integer,
    text,
    wrong_number,
)
from cachesim.engines.redis.db import Keyspace
from cachesim.engines.redis.info import VERSION
from cachesim.engines.redis.memory import as_integer
from cachesim.errors import CommandError

NO_DEBUG = (
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to "
    '"local", you can run it from a local connection, otherwise you need to set this option in '
    "the configuration file, and then restart the server."
)


def ping(db: Keyspace, argv: Arguments) -> Reply:
    """PING [message]."""
    if len(argv) > 2:
        raise wrong_number(text(argv[0]).lower())
    return argv[1] if len(argv) == 2 else "PONG"


def echo(db: Keyspace, argv: Arguments) -> Reply:
    """ECHO message."""
    return argv[1]


def time(db: Keyspace, argv: Arguments) -> Reply:
    """TIME: whole seconds of Unix time, and the microseconds beyond them."""
    now = int(db.clock() * 1e6 + 0.5) + START * 1_000_000
    return [b"%d" % part for part in divmod(now, 1_000_000)]


def wait(db: Keyspace, argv: Arguments) -> Reply:
    """WAIT replicas timeout: how many replicas have the writes.

    SIMPLIFIED: there are none, and nobody waits for one until the timeout.
    """
    integer(argv[1])
    timeout = as_integer(argv[2])
    if timeout is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if timeout < 0:
        raise CommandError("ERR timeout is negative")
    return 0


def role(db: Keyspace, argv: Arguments) -> Reply:
    """ROLE: a master, at the offset 0 of replication, without replicas."""
    return [b"master", 0, []]


def lolwut(db: Keyspace, argv: Arguments) -> Reply:
    """LOLWUT [VERSION version ...]: the version, without the picture above it."""
    return Verbatim(f"Redis ver. {VERSION}\n".encode())


def latency_latest(db: Keyspace, argv: Arguments) -> Reply:
    """LATENCY LATEST: nothing, as with the server's default threshold nothing is noted."""
    return []


def latency_history(db: Keyspace, argv: Arguments) -> Reply:
    """LATENCY HISTORY event: nothing, as with the server's default threshold nothing is noted."""
    return []


def latency_reset(db: Keyspace, argv: Arguments) -> Reply:
    """LATENCY RESET [event ...]: how many events are forgotten."""
    return 0


def debug(db: Keyspace, argv: Arguments) -> Reply:
    """DEBUG: refused, as the server does unless its configuration says otherwise."""
    raise CommandError(NO_DEBUG)


MESSAGE = Keys(1, -1, 1)
OF_OPERATORS = "admin noscript loading stale"
COMMANDS = {
    "DEBUG": Command(-2, "admin noscript loading stale", debug, NO_KEYS),
    "ECHO": Command(2, "loading stale fast", echo, NO_KEYS, data=MESSAGE, replies=echo),
    "LATENCY": Command(-2, "", container, NO_KEYS),
    "LATENCY|HISTORY": Command(3, OF_OPERATORS, latency_history, NO_KEYS),
    "LATENCY|LATEST": Command(2, OF_OPERATORS, latency_latest, NO_KEYS),
    "LATENCY|RESET": Command(-2, OF_OPERATORS, latency_reset, NO_KEYS),
    "LOLWUT": Command(-1, "readonly fast", lolwut, NO_KEYS),
    "PING": Command(-1, "fast", ping, NO_KEYS, data=MESSAGE, replies=ping),
    "ROLE": Command(1, "noscript loading stale fast", role, NO_KEYS),
    "TIME": Command(1, "loading stale fast", time, NO_KEYS),
    "WAIT": Command(3, "noscript", wait, NO_KEYS),
}
