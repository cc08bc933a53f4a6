"""Transactions: MULTI, EXEC, DISCARD, WATCH and UNWATCH (redis 7: multi.c).

Their functions take the client, a RedisConversation. Its `queue` holds the commands since MULTI.
"""

from typing import Any

from cachesim.engines.redis.arguments import Arguments, text
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.memory import POINTER
from cachesim.engines.redis.reply import NULL_ARRAY, Reply
from cachesim.engines.redis.watch import Watch
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.wire.access import check_access_again
from cachesim.wire.subscriptions import show

ABORTED = "EXECABORT Transaction discarded because of previous errors."
NOT_IN_MULTI = "ERR Command not allowed inside a transaction"
# Run at once between MULTI and EXEC; every other command is queued.
NOT_QUEUED = {"MULTI", "EXEC", "DISCARD", "WATCH", "QUIT", "RESET"}


class CommandQueue:
    """The commands of a transaction that has not run yet."""

    def __init__(self) -> None:
        self.commands: list[tuple[RedisCommand, Arguments]] = []
        self.size = 0  # bytes of their arguments, and of a pointer to each
        self.has_failed = False  # a command was refused before it was queued

    def add(self, row: RedisCommand, argv: Arguments) -> None:
        """Keep a command."""
        self.commands.append((row, argv))
        self.size += sum(map(len, argv)) + POINTER * len(argv)

    @property
    def flags(self) -> set[str]:
        """The flags of all its commands together."""
        return {flag for row, _ in self.commands for flag in row.flags.split()}


def multi(client: Any) -> Reply:
    """MULTI: queue the commands that follow."""
    if client.queue is not None:
        raise CommandError("ERR MULTI calls can not be nested")
    client.queue = CommandQueue()
    return "OK"


def discard(client: Any) -> Reply:
    """DISCARD: forget the queued commands, and watch nothing."""
    if client.queue is None:
        raise CommandError("ERR DISCARD without MULTI")
    forget(client)
    return "OK"


def exec_(client: Any) -> Reply:
    """EXEC: run the queued commands, one after the other, with nothing in between."""
    try:
        return run_queue(client)
    finally:
        if client.clients.monitors:
            show(client, COMMANDS["EXEC"], client.last_argv)


def run_queue(client: Any) -> Reply:
    """Run the queued commands, unless one was refused or a watched key has changed."""
    queue, watch = client.queue, client.watch
    if queue is None:
        raise CommandError("ERR EXEC without MULTI")
    is_broken = watch is not None and client.engine.watches.is_broken(watch, client.engine)
    forget(client)
    if queue.has_failed:
        raise CommandError(ABORTED)
    if is_broken:
        return NULL_ARRAY
    return client.call_together(queue)  # type: ignore[no-any-return]


def forget(client: Any) -> None:
    """Leave the transaction."""
    client.queue = None
    unwatch(client)


def watch(client: Any, *keys: str) -> Reply:
    """WATCH key [key ...]: the next EXEC runs only if none of them is changed before."""
    if client.queue is not None:
        raise CommandError("ERR WATCH inside MULTI is not allowed")
    if client.watch is None:
        client.watch = Watch()
    for key in keys:
        client.engine.watches.add(client.watch, client.engine, key)
    return "OK"


def unwatch(client: Any) -> Reply:
    """UNWATCH: watch nothing."""
    if client.watch is not None:
        client.engine.watches.drop(client.watch)
        client.watch = None
    return "OK"


def result_of(client: Any, row: RedisCommand, argv: Arguments) -> Any:
    """Return the reply to one command of a transaction, or its error: the others run all the same."""
    try:
        if client.users.guards:
            check_access_again(client, row, argv)
        return client.call(row, argv)
    except (CommandError, OutOfMemory, BadInput) as error:
        return CommandError(str(error))


def allowed(row: RedisCommand) -> RedisCommand:
    """Return the row of a command that may be in a transaction. Raises CommandError."""
    if "no_multi" in row.flags.split():
        raise CommandError("ERR Command not allowed inside a transaction")
    return row


def is_queued(argv: Arguments) -> bool:
    """Whether a command between MULTI and EXEC waits."""
    return text(argv[0]).upper() not in NOT_QUEUED


FLAGS = "noscript loading stale fast allow_busy"
COMMANDS = table(
    RedisCommand("DISCARD", "", FLAGS, discard),
    RedisCommand("EXEC", "", "noscript loading stale skip_slowlog", exec_),
    RedisCommand("MULTI", "", FLAGS, multi),
    RedisCommand("UNWATCH", "", FLAGS, unwatch),
    RedisCommand("WATCH", "key [key ...]", FLAGS, watch),
)
