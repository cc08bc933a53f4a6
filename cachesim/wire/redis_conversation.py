"""One Redis client's connection. Bytes come in as commands; the bytes of the replies go out."""

from collections.abc import Callable
from itertools import count

from cachesim.engines.base import Engine
from cachesim.engines.redis.arguments import Arguments, quoted, text, wrong_number
from cachesim.engines.redis.command import Reply, Table, find, is_nothing
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.wire import (
    client_commands,
    cluster_commands,
    command_commands,
    replication_commands,
    simple_commands,
)
from cachesim.wire.blocked import Blocked, Pause, Postponed, may_write, wait_for_keys
from cachesim.wire.cluster import ClusterNode
from cachesim.wire.primary import Link, Primary
from cachesim.wire.resp import ProtocolError, RequestReader, encode, whole_command

# Answered here; the engine is not asked. The simple engine has no part in a cluster, and no replicas.
OWN_OF_SIMPLE = client_commands.COMMANDS | command_commands.COMMANDS
OWN = OWN_OF_SIMPLE | cluster_commands.COMMANDS | replication_commands.COMMANDS
OWN_NAMES, OWN_NAMES_OF_SIMPLE = (
    frozenset(name.encode() for name in rows) for rows in (OWN, OWN_OF_SIMPLE)
)
SHORT = 16 * 1024  # bytes: one command of this length is answered without a look at the buffer
ENOUGH = 1 << 20  # bytes of replies at a time: the rest waits until the client has read them
TURN = 64  # commands of one client at a time: then it is the other clients' turn


class Clients:
    """All connections to one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.by_number: dict[int, RedisConversation] = {}  # CLIENT ID replies the number
        self.next_number = count(1).__next__
        self.shut_down = False  # a client asked for it
        self.has_news = False  # for the server: a shutdown, a killed client
        self.primary: Primary | None = None  # None: nobody can copy the engine
        if isinstance(engine, ReplicatedEngine) and not engine.is_replica:
            self.primary = Primary(engine)
        self.pause: Pause | None = None  # CLIENT PAUSE

    def join(self, peer: str = "", here: str = "") -> "RedisConversation":
        """Return the conversation of a new client. Its address is `peer`, the server's is `here`."""
        client = self.conversation(peer, here)
        self.by_number[client.number] = client
        self._show_count()
        return client

    def conversation(self, peer: str, here: str) -> "RedisConversation":
        """Make the conversation of a new client."""
        return RedisConversation(self, self.next_number(), peer, here)

    def leave(self, client: "RedisConversation") -> None:
        """Forget a client that is gone."""
        self.by_number.pop(client.number, None)
        client.over = True
        if client.blocked is not None:
            client.blocked.forget()
            client.unblocked()
        if client.link is not None and self.primary is not None:
            self.primary.leave(client.link)
        self._show_count()

    def holds_back(self, client: "RedisConversation", argv: Arguments) -> bool:
        """Whether a pause holds back a command of a client now."""
        pause = self.pause
        if pause is None or client.link is not None:
            return False
        if self.engine.clock() >= pause.until:
            self.go_on()
            return False
        return not pause.only_writes or may_write(client, argv)

    def go_on(self) -> None:
        """End the pause, and run what was held back, first come first."""
        self.pause = None
        self.engine.is_paused = False  # type: ignore[attr-defined] # of a Redis
        for client in list(self.by_number.values()):
            if isinstance(client.blocked, Postponed):
                client.again(client.blocked.argv)

    def look_at_clock(self) -> None:
        """Give their replies to the clients that have waited as long as they wanted."""
        now = self.engine.clock()
        if self.pause is not None and now >= self.pause.until:
            self.go_on()
        for client in list(self.by_number.values()):
            if client.blocked is not None and now >= client.blocked.until:
                client.blocked.time_out()

    def _show_count(self) -> None:
        if isinstance(self.engine, RedisEngine):
            self.engine.connected_clients = len(self.by_number)


def command_name(known: Table, argv: Arguments) -> str:
    """Return the full name of a command: "client|list"; NULL if there is none."""
    if not argv:
        return "NULL"
    name = text(argv[0]).upper()
    full = f"{name}|{text(argv[1]).upper()}" if len(argv) > 1 else name
    return (full if full in known else quoted(argv[0])).lower()


class RedisConversation:
    r"""One client's connection to a Redis engine, or to a simple one.

    >>> from cachesim.engines.redis.engine import Redis
    >>> client = Clients(Redis().build(clock=lambda: 0.0, random=lambda: 0.5)).join()
    >>> client.receive(b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\nGE"), client.receive(b"T a\r\n")
    (b':1\r\n', b'$1\r\n1\r\n')
    """

    node: ClusterNode | None = None  # at this end of the connection, if the engine is in a cluster
    mode, role = b"standalone", b"master"  # as HELLO replies them

    def __init__(self, clients: Clients, number: int, peer: str, here: str) -> None:
        self.clients = clients
        self.engine = clients.engine
        self.number = number
        self.peer, self.here = peer, here
        self.began = self.last = self.engine.clock()  # seconds
        is_redis = isinstance(self.engine, RedisEngine)
        self.own = OWN if is_redis else OWN_OF_SIMPLE
        self.own_names = OWN_NAMES if is_redis else OWN_NAMES_OF_SIMPLE
        self.over = False  # hang up once everything is sent
        self.pending = False  # more commands may be complete: receive(b"") goes on with them
        self.blocked: Blocked | None = None  # no command runs until its reply has been given
        self.link: Link | None = None  # of a client that is a replica
        self.give: Callable[[bytes], None] = lambda data: None  # sends unasked; the server sets it
        self.last_argv: Arguments = []
        self.reset()
        self._requests = RequestReader()

    def reset(self) -> None:
        """Make the connection like a new one."""
        self.resp, self.name, self.database = 2, "", 0
        self.replies, self.is_kept = True, False
        self.silent = self.silent_next = False  # no reply to this command, to the next
        self.reads_copies = False  # READONLY, at a node of a cluster

    def receive(self, data: bytes) -> bytes:
        """Take a piece of the stream and return the replies to the commands that it completes."""
        if self.over:
            return b""
        if self.blocked is not None:
            self._requests.feed(data)
            return b""
        if len(data) <= SHORT and self._requests.is_between:
            argv = whole_command(data)
            if argv is not None:
                self.pending = False
                return self.answer(argv)
        return self._receive_any(data)

    def _receive_any(self, data: bytes) -> bytes:
        """Take any piece of the stream, from half a command to thousands."""
        self._requests.feed(data)
        replies: list[bytes] = []
        size = 0
        self.pending = True
        try:
            while not (self.over or self.blocked or size > ENOUGH or len(replies) == TURN):
                argv = next(self._requests, None)
                if argv is None:
                    self.pending = False
                    break
                replies.append(self.answer(argv))
                size += len(replies[-1])
            self.pending = self.pending and not self.blocked
        except ProtocolError as error:
            self.over = True
            replies.append(encode(CommandError(f"ERR {error}")))
        return b"".join(replies)

    def block(self, why: Blocked) -> None:
        """Give no reply to the running command yet, and run no other one."""
        self.blocked, self.silent = why, True
        self._count_blocked(why.counts)

    def _count_blocked(self, change: int) -> None:
        if isinstance(self.engine, RedisEngine):
            self.engine.blocked.clients += change

    def unblocked(self) -> None:
        """Wait no more: the next commands can run."""
        if self.blocked is not None:
            self._count_blocked(-self.blocked.counts)
            self.blocked, self.pending = None, True

    def late(self, reply: Reply | Exception) -> None:
        """Give the reply for which a blocked client waits."""
        self.unblocked()
        self.give(encode(reply, self.resp) if self.replies else b"")

    def again(self, argv: Arguments) -> None:
        """Run a command that was held back; it may block the client once more."""
        self.unblocked()
        self.give(self.answer(argv))

    def answer(self, argv: Arguments) -> bytes:
        """Run a command and return the bytes of its reply; none if CLIENT REPLY says so."""
        self.silent, self.silent_next = self.silent_next, False
        try:
            reply = self.run(argv)
        except (CommandError, OutOfMemory, BadInput) as error:
            reply = CommandError(str(error))  # type: ignore[assignment]
        return encode(reply, self.resp) if self.replies and not self.silent else b""

    def run(self, argv: Arguments) -> Reply:
        """Return the reply to a command. Raises CommandError, OutOfMemory."""
        engine = self.engine
        self.last, self.last_argv = engine.clock(), argv
        if self.clients.pause is not None and self.clients.holds_back(self, argv):
            self.block(Postponed(self, argv))
            return None
        if argv[0].upper() in self.own_names:
            return self._run_own(argv)
        if not isinstance(engine, RedisEngine):
            return simple_commands.run_simple(engine, argv)
        if engine.selected != self.database:
            engine.select(self.database)
        row = engine.admit(argv)
        reply = engine.call(row, argv)
        if row.blocks is not None and is_nothing(reply):
            wait_for_keys(self, row, argv, reply)
        self.database = engine.selected
        if engine.blocked.ready:
            engine.blocked.serve()
        return reply

    def _run_own(self, argv: Arguments) -> Reply:
        """Run a command about the connection, or COMMAND."""
        row = find(self.own, argv)
        if not row.takes(argv):
            raise wrong_number(row.name)
        return row.function(self, *row.read(argv))

    @property
    def known(self) -> Table:
        """Every command that this client may call, subcommands ("CONFIG|GET") included."""
        engine = self.engine
        rows = engine.commands if isinstance(engine, RedisEngine) else simple_commands.COMMANDS
        return {**rows, **self.own}

    @property
    def kind(self) -> str:
        """The type that CLIENT LIST and CLIENT KILL mean: "normal" or "replica"."""
        return "normal" if self.link is None else "replica"

    @property
    def flags(self) -> str:
        """The letters of CLIENT LIST for what the client is and does."""
        on = {"S": self.link, "b": self.blocked, "e": self.is_kept}
        return "".join(letter for letter, is_on in on.items() if is_on) or "N"

    def described(self) -> str:
        """Return the line of CLIENT LIST (redis 7: networking.c, catClientInfoString)."""
        now = self.engine.clock()
        fields = {
            "id": self.number,
            "addr": self.peer,
            "laddr": self.here,
            "fd": self.number + 7,
            "name": self.name,
            "age": int(now - self.began),
            "idle": int(now - self.last),
            "flags": self.flags,
            "db": self.database,
            **dict.fromkeys(("sub", "psub", "ssub"), 0),
            "multi": -1,
            **dict.fromkeys(("qbuf", "qbuf-free", "argv-mem", "multi-mem"), 0),
            **dict.fromkeys(("rbs", "rbp", "obl", "oll", "omem", "tot-mem"), 0),
            "events": "r",
            "cmd": command_name(self.known, self.last_argv),
            "user": "default",
            "redir": -1,
            "resp": self.resp,
        }
        return " ".join(f"{name}={value}" for name, value in fields.items())
