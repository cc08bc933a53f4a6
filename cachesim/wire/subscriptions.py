"""SUBSCRIBE and its kin, and MONITOR: clients that are sent what they did not ask for now.

Their functions take the client, a RedisConversation (redis 7: pubsub.c, replication.c).
"""

from typing import Any

from cachesim.engines.base import START
from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.engines.redis.reply import Pushed, Reply, SeveralReplies
from cachesim.errors import CommandError

ALLOWED = {"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PING", "QUIT", "RESET"}
ONLY = (
    "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
    "allowed in this context"
)
HIDDEN = {"admin", "skip_monitor"}  # flags of the commands that MONITOR does not show


class Subscriptions:
    """The channels and patterns to which one client listens."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.names: dict[tuple[bool, bytes], None] = {}  # whether it is a pattern, and its name

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.names)

    def hear(self, channel: bytes, message: bytes, pattern: bytes | None) -> None:
        """Send a message to the client."""
        came = [b"message"] if pattern is None else [b"pmessage", pattern]
        self.client.push(Pushed([*came, channel, message]))

    def join(self, names: tuple[bytes, ...], is_pattern: bool) -> Reply:
        """Listen to these too; reply once for each."""
        told = []
        for name in names:
            self.client.engine.channels.join(self, name, is_pattern)
            self.names[is_pattern, name] = None
            told.append(self._told("subscribe", is_pattern, name))
        return SeveralReplies(told)

    def leave(self, names: tuple[bytes, ...], is_pattern: bool) -> Reply:
        """Listen to these no more; without names to none."""
        mine = [name for kind, name in self.names if kind == is_pattern]
        told = []
        for name in names or mine:
            self.names.pop((is_pattern, name), None)
            self.client.engine.channels.leave(self, name, is_pattern)
            told.append(self._told("unsubscribe", is_pattern, name))
        return SeveralReplies(told or [self._told("unsubscribe", is_pattern, None)])

    def _told(self, what: str, is_pattern: bool, name: bytes | None) -> Pushed:
        return Pushed([b"p" * is_pattern + what.encode(), name, len(self)])


def subscribe(client: Any, *names: bytes) -> Reply:
    """SUBSCRIBE channel [channel ...]."""
    return client.subscriptions.join(names, is_pattern=False)  # type: ignore[no-any-return]


def psubscribe(client: Any, *names: bytes) -> Reply:
    """PSUBSCRIBE pattern [pattern ...]."""
    return client.subscriptions.join(names, is_pattern=True)  # type: ignore[no-any-return]


def unsubscribe(client: Any, *names: bytes) -> Reply:
    """UNSUBSCRIBE [channel ...]."""
    return client.subscriptions.leave(names, is_pattern=False)  # type: ignore[no-any-return]


def punsubscribe(client: Any, *names: bytes) -> Reply:
    """PUNSUBSCRIBE [pattern ...]."""
    return client.subscriptions.leave(names, is_pattern=True)  # type: ignore[no-any-return]


def ping(client: Any, message: bytes | None = None) -> Reply:
    """PING [message]: a client that listens gets a message."""
    if client.resp == 2 and len(client.subscriptions):
        return [b"pong", message or b""]
    return "PONG" if message is None else message


def monitor(client: Any) -> Reply:
    """MONITOR: show every command of all clients from now on."""
    if client.in_exec:
        raise CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client")
    client.clients.monitors[client] = None
    return "OK"


def check_context(client: Any, name: str) -> None:
    """Refuse a command of a client that listens, if its protocol cannot tell reply and message apart."""
    if client.resp == 2 and name.upper() not in ALLOWED:
        raise CommandError(ONLY % name.lower())


def show(client: Any, row: RedisCommand, argv: Arguments, who: str | None = None) -> None:
    """Show a command to the clients that monitor."""
    if HIDDEN & set(row.flags.split()):
        return
    show_line(client.clients, f"{client.database} {who or client.peer}", argv)


def show_script(clients: Any, row: RedisCommand, argv: Arguments) -> None:
    """Show a command of a script to the clients that monitor."""
    if not HIDDEN & set(row.flags.split()):
        show_line(clients, f"{clients.engine.selected} lua", argv)


def show_line(clients: Any, who: str, argv: Arguments) -> None:
    """Send a line of MONITOR."""
    seconds, rest = divmod(int(clients.engine.clock() * 1e6 + 0.5) + START * 1_000_000, 1_000_000)
    words = b" ".join(map(in_quotes, argv)).decode("latin-1")
    for each in list(clients.monitors):
        each.push(f"{seconds}.{rest:06} [{who}] {words}")


SHORT = {ord(char): code for char, code in zip('\n\r\t\a\b"\\', b'nrtab"\\', strict=True)}


def in_quotes(part: bytes) -> bytes:
    r"""Write bytes as people read them (redis 7: sds.c, sdscatrepr).

    >>> in_quotes(b'a "b"\n\xff')
    b'"a \\"b\\"\\n\\xff"'
    """
    shown = bytearray(b'"')
    for byte in part:
        if byte in SHORT:
            shown += bytes((ord("\\"), SHORT[byte]))
        elif 32 <= byte < 127:
            shown.append(byte)
        else:
            shown += b"\\x%02x" % byte
    return bytes(shown + b'"')


FLAGS = "pubsub noscript loading stale"
COMMANDS = table(
    RedisCommand("MONITOR", "", "admin noscript loading stale", monitor),
    RedisCommand("PING", "[message]", "fast", ping),
    RedisCommand("PSUBSCRIBE", "pattern [pattern ...]", FLAGS, psubscribe),
    RedisCommand("PUNSUBSCRIBE", "[pattern ...]", FLAGS, punsubscribe),
    RedisCommand("SUBSCRIBE", "argument [argument ...]", FLAGS, subscribe),
    RedisCommand("UNSUBSCRIBE", "[argument ...]", FLAGS, unsubscribe),
)
