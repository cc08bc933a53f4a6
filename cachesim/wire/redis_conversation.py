"""One Redis client's connection. Bytes come in as commands; the bytes of the replies go out."""

from collections.abc import Callable
from typing import Any

from cachesim.engines.redis.acl import User
from cachesim.engines.redis.arguments import Arguments, text, wrong_number
from cachesim.engines.redis.command import RedisCommand, Table, find
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.reply import Reply, SeveralReplies, is_nothing
from cachesim.engines.redis.scripting import RUNS_SCRIPTS
from cachesim.engines.redis.users import Users
from cachesim.engines.redis.watch import Watch
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.wire.access import ASKS_USER, call_for, check_access, log_in
from cachesim.wire.blocked import Blocked, Postponed, wait_for_keys
from cachesim.wire.cluster import ClusterNode
from cachesim.wire.primary import Link
from cachesim.wire.resp import ProtocolError, RequestReader, whole_command
from cachesim.wire.resp_replies import encode
from cachesim.wire.script_turns import refuse_while_busy, runs_script
from cachesim.wire.simple_commands import COMMANDS as OF_SIMPLE
from cachesim.wire.simple_commands import run_simple
from cachesim.wire.subscriptions import Subscriptions, check_context, show, show_line
from cachesim.wire.transactions import CommandQueue, allowed, is_queued, result_of
from cachesim.wire.turns import ENOUGH, TURN

SHORT = 16 * 1024  # bytes: one command of this length is answered without a look at the buffer


class RedisConversation:
    r"""One client's connection to a Redis engine, or to a simple one.

    >>> from cachesim.engines.redis.engine import Redis
    >>> from cachesim.wire.clients import Clients
    >>> client = Clients(Redis().build(clock=lambda: 0.0, random=lambda: 0.5)).join()
    >>> client.receive(b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\nGE"), client.receive(b"T a\r\n")
    (b':1\r\n', b'$1\r\n1\r\n')
    """

    node: ClusterNode | None = None  # at this end of the connection, if the engine is in a cluster
    mode, role = b"standalone", b"master"  # as HELLO replies them
    watch: Watch | None = None  # the keys of WATCH
    user: User  # log_in says who it is
    is_known: bool  # it has shown that it is this user
    in_exec = False  # its transaction runs: nothing waits

    def __init__(self, clients: Any, number: int, peer: str, here: str) -> None:
        self.clients = clients
        self.engine = clients.engine
        self.number = number
        self.peer, self.here = peer, here
        self.began = self.last = self.engine.clock()  # seconds
        self.own, self.own_names = clients.own, clients.own_names
        self.over = False  # hang up once everything is sent
        self.pending = False  # more commands may be complete: receive(b"") goes on with them
        self.blocked: Blocked | None = None  # no command runs until its reply has been given
        self.link: Link | None = None  # of a client that is a replica
        self.subscriptions = Subscriptions(self)
        self.outbox: list[bytes] | None = None  # of a batch of commands; None: none runs
        self.give: Callable[[bytes], None] = lambda data: None  # sends unasked; the server sets it
        self.unsent: Callable[[], int] = lambda: 0  # bytes that it has not read; likewise
        self.last_argv: Arguments = []
        self.requests = RequestReader()
        self.users: Users = clients.users
        self.reset()

    def reset(self) -> None:
        """Make the connection like a new one."""
        self.resp, self.name, self.database = 2, "", 0
        self.replies, self.is_kept = True, False
        self.silent = self.silent_next = False  # no reply to this command, to the next
        self.reads_copies = False  # READONLY, at a node of a cluster
        log_in(self, self.users.default, self.users.is_open)
        self.clients.monitors.pop(self, None)
        for is_pattern in (False, True):
            self.subscriptions.leave((), is_pattern)
        self.queue: CommandQueue | None = None  # the commands since MULTI
        if self.watch is not None:
            self.engine.watches.drop(self.watch)
        self.watch: Watch | None = None

    def receive(self, data: bytes) -> bytes:
        """Take a piece of the stream and return the replies to the commands that it completes."""
        if self.over:
            return b""
        if self.blocked is not None:
            self.requests.feed(data)
            return b""
        if len(data) <= SHORT and self.requests.is_between:
            argv = whole_command(data)
            if argv is not None:
                self.pending = False
                return self.answer(argv)
        return self._receive_any(data)

    def _receive_any(self, data: bytes) -> bytes:
        """Take any piece of the stream, from half a command to thousands."""
        self.requests.feed(data)
        replies = self.outbox = []
        size = 0
        self.pending = True
        try:
            while not (self.over or self.blocked or size > ENOUGH or len(replies) == TURN):
                argv = next(self.requests, None)
                if argv is None:
                    self.pending = False
                    break
                replies.append(self.answer(argv))
                size = sum(map(len, replies))
            self.pending = self.pending and not self.blocked
        except ProtocolError as error:
            self.over = True
            replies.append(encode(CommandError(f"ERR {error}")))
        self.outbox = None
        return b"".join(replies)

    def block(self, why: Blocked) -> None:
        """Give no reply to the running command yet, and run no other one."""
        self.blocked, self.silent = why, True
        self._count_blocked(1)

    def _count_blocked(self, change: int) -> None:
        if isinstance(self.engine, RedisEngine):
            self.engine.blocked.clients += change

    def unblocked(self) -> None:
        """Wait no more: the next commands can run."""
        if self.blocked is not None:
            self._count_blocked(-1)
            self.blocked, self.pending = None, True

    def late(self, reply: Reply | Exception) -> None:
        """Give the reply for which a blocked client waits."""
        self.unblocked()
        self.give(encode(reply, self.resp) if self.replies else b"")

    def push(self, message: Reply) -> None:
        """Send what the client did not ask for now, after the replies that were made before."""
        data = encode(message, self.resp)
        if self.outbox is None:
            self.give(data)
        else:
            self.outbox.append(data)

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
        is_heard = (self.replies and not self.silent) or isinstance(reply, SeveralReplies)
        return encode(reply, self.resp) if is_heard else b""

    def run(self, argv: Arguments) -> Reply:
        """Return the reply to a command. Raises CommandError, OutOfMemory."""
        engine = self.engine
        self.last, self.last_argv = engine.clock(), argv
        if self.clients.pause is not None and self.clients.holds_back(self, argv):
            self.block(Postponed(self, argv))
            return None
        if self.users.guards:
            check_access(self, argv)
        if len(self.subscriptions):
            check_context(self, text(argv[0]))
        turns = self.clients.turns
        if turns is not None and turns.is_busy:
            refuse_while_busy(self, argv)
        if not isinstance(engine, RedisEngine):
            own = argv[0].upper() in self.own_names
            return self.call(self.admit(argv), argv) if own else run_simple(engine, argv)
        if self.queue is not None and is_queued(argv):
            return self.enqueue(self.queue, argv)
        row = self.admit(argv)
        in_thread = turns is not None and runs_script(self, row)
        reply: Reply = (turns.run if in_thread else type(self).call)(self, row, argv)
        if engine.blocked.ready and (turns is None or not turns.is_busy):
            engine.blocked.serve()
        return reply

    def enqueue(self, queue: CommandQueue, argv: Arguments) -> Reply:
        """Keep a command until EXEC. One that is refused makes the whole transaction fail."""
        try:
            queue.add(allowed(self.admit(argv)), argv)
        except (CommandError, OutOfMemory):
            queue.has_failed = True
            raise
        return "QUEUED"

    def admit(self, argv: Arguments) -> RedisCommand:
        """Return the row of a command that may run now. Raises CommandError, OutOfMemory."""
        if argv[0].upper() in self.own_names:
            row = find(self.own, argv)
            if not row.takes(argv):
                raise wrong_number(row.name)
            return row
        engine: Any = self.engine
        if engine.selected != self.database:
            engine.select(self.database)
        admitted: RedisCommand = engine.admit(argv)
        return admitted

    def call(self, row: RedisCommand, argv: Arguments) -> Reply:
        """Run an admitted command, and show it to those who monitor: a script before its commands."""
        monitors = self.clients.monitors
        if monitors and row.name in RUNS_SCRIPTS:
            show_line(self.clients, f"{self.database} {self.peer}", argv)
        try:
            return self._call(row, argv)
        finally:
            if monitors and row.name != "EXEC":  # transactions.py shows it
                show(self, row, argv)

    def _call(self, row: RedisCommand, argv: Arguments) -> Reply:
        """Run a command about the connection, or one of the engine."""
        if row.name in self.own:
            return row.function(self, *row.read(argv))
        engine: Any = self.engine
        if engine.selected != self.database:
            engine.select(self.database)
        asks = row.name in ASKS_USER
        reply: Reply = call_for(self, row, argv) if asks else engine.call(row, argv)
        if row.blocks is not None and is_nothing(reply) and not self.in_exec:
            wait_for_keys(self, row, argv, reply)
        self.database = engine.selected
        return reply

    def call_together(self, queue: CommandQueue) -> Reply:
        """Run the commands of a transaction, with nothing in between. Each has its reply, or its error."""
        engine: Any = self.engine
        engine.admit_all(queue.flags)
        self.in_exec = True
        try:
            with engine.as_one("EXEC"):
                return [result_of(self, row, argv) for row, argv in queue.commands]
        finally:
            self.in_exec = False

    @property
    def known(self) -> Table:
        """Every command that this client may call, subcommands ("CONFIG|GET") included."""
        engine = self.engine
        rows = engine.commands if isinstance(engine, RedisEngine) else OF_SIMPLE
        return {**rows, **self.own}

    @property
    def kind(self) -> str:
        """The type that CLIENT LIST and CLIENT KILL mean: "normal", "pubsub" or "replica"."""
        if self.link is not None:
            return "replica"
        return "pubsub" if len(self.subscriptions) else "normal"

    @property
    def holds_nothing(self) -> bool:
        """Whether it takes no more bytes than any client in use."""
        return self.requests.is_between and self.queue is None and not self.unsent()

    def listens_to(self, patterns: bool) -> int:
        """Return to how many channels it listens, or to how many patterns."""
        return sum(is_pattern == patterns for is_pattern, _ in self.subscriptions.names)

    @property
    def has_lost_race(self) -> bool:
        """Whether somebody has changed a key that it watches."""
        return self.watch is not None and self.watch.is_broken
