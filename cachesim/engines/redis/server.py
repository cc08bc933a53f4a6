"""The commands about the server itself: PING, ECHO, TIME, WAIT, DEBUG (CONFIG, INFO: their files)."""

from cachesim.engines.base import START
from cachesim.engines.redis.command import (
    NO_KEYS,
    Arguments,
    Command,
    Reply,
    integer,
    text,
    wrong_number,
)
from cachesim.engines.redis.db import Keyspace
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


def debug(db: Keyspace, argv: Arguments) -> Reply:
    """DEBUG: refused, as the server does unless its configuration says otherwise."""
    raise CommandError(NO_DEBUG)


COMMANDS = {
    "DEBUG": Command(-2, "admin noscript loading stale", debug, NO_KEYS),
    "ECHO": Command(2, "loading stale fast", echo, NO_KEYS),
    "PING": Command(-1, "fast", ping, NO_KEYS),
    "TIME": Command(1, "loading stale fast", time, NO_KEYS),
    "WAIT": Command(3, "noscript", wait, NO_KEYS),
}
