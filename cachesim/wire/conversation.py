"""One Redis client's connection: its commands go to the engine, its own affairs are settled here."""

from itertools import count

from cachesim.engines.base import Engine
from cachesim.engines.redis.command import Arguments, Reply, quoted, text, wrong_number
from cachesim.engines.redis.engine import COMMANDS, RedisEngine
from cachesim.errors import BadInput, CommandError, OutOfMemory
from cachesim.wire import commandtable, connection
from cachesim.wire.resp import ProtocolError, Requests, encode, whole_command
from cachesim.wire.simple import run_simple

ROWS = {**connection.ROWS, **commandtable.ROWS}
OWN = frozenset(name.encode() for name in ROWS)
SHORT = 16 * 1024  # bytes: one command of this length is answered without a look at the buffer
ENOUGH = 1 << 20  # bytes of replies at a time: a client that does not read them waits for the rest


class Clients:
    """All connections to one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.talks: dict[int, Conversation] = {}  # by the number that CLIENT ID tells
        self.next_number = count(1).__next__
        self.shut_down = False  # somebody asked for it
        self.has_news = False  # for the server to look at: a shutdown, a killed client
        self.paused_until = 0.0  # seconds on the engine's clock: CLIENT PAUSE

    def join(self, peer: str = "", here: str = "") -> "Conversation":
        """Return the conversation of a new client that calls from the address `peer`."""
        talk = Conversation(self, self.next_number(), peer, here)
        self.talks[talk.number] = talk
        self._tell_count()
        return talk

    def leave(self, talk: "Conversation") -> None:
        """Forget a client that is gone."""
        self.talks.pop(talk.number, None)
        self._tell_count()

    def _tell_count(self) -> None:
        if isinstance(self.engine, RedisEngine):
            self.engine.connected_clients = len(self.talks)


def command_name(argv: Arguments) -> str:
    """Return the full name of a command: "client|list"; NULL for none."""
    if not argv:
        return "NULL"
    name = text(argv[0]).upper()
    full = f"{name}|{text(argv[1]).upper()}" if len(argv) > 1 else name
    return (full if full in ROWS or full in COMMANDS else quoted(argv[0])).lower()


class Conversation:
    r"""One client's connection to a Redis engine, or to a simple one.

    >>> from cachesim.engines.redis.engine import Redis
    >>> talk = Clients(Redis().build(clock=lambda: 0.0, random=lambda: 0.5)).join()
    >>> talk.receive(b"*2\r\n$4\r\nINCR\r\n$1\r\na\r\nGE"), talk.receive(b"T a\r\n")
    (b':1\r\n', b'$1\r\n1\r\n')
    """

    def __init__(self, clients: Clients, number: int, peer: str, here: str) -> None:
        self.clients = clients
        self.engine = clients.engine
        self.number = number
        self.peer, self.here = peer, here
        self.began = self.last = self.engine.clock()  # seconds
        self.over = False  # hang up once everything is sent
        self.pending = False  # more commands may be complete: receive(b"") goes on with them
        self.last_argv: Arguments = []
        self.reset()
        self._requests = Requests()

    def reset(self) -> None:
        """Be as a new connection is."""
        self.resp, self.name, self.database = 2, "", 0
        self.replies, self.is_kept = True, False
        self.silent = self.silent_next = False  # no reply to this command, to the next

    def receive(self, data: bytes) -> bytes:
        """Return the replies to the commands that are complete with this piece of the stream."""
        if self.over:
            return b""
        if len(data) <= SHORT and self._requests.is_between and not self.clients.paused_until:
            argv = whole_command(data)
            if argv is not None:
                self.pending = False
                return self.answer(argv)
        return self._receive_any(data)

    def _receive_any(self, data: bytes) -> bytes:
        """Take any piece of the stream, from half a command to thousands."""
        self._requests.feed(data)
        replies, size = [], 0
        self.pending = True
        try:
            while not (self.over or self.clients.paused_until or size > ENOUGH):
                argv = next(self._requests, None)
                if argv is None:
                    self.pending = False
                    break
                replies.append(self.answer(argv))
                size += len(replies[-1])
        except ProtocolError as error:
            self.over = True
            replies.append(encode(CommandError(f"ERR {error}")))
        return b"".join(replies)

    def answer(self, argv: Arguments) -> bytes:
        """Run a command and return the bytes of its reply; none if the client wants none."""
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
        if argv[0].upper() in OWN:
            return self._run_own(argv)
        if not isinstance(engine, RedisEngine):
            return run_simple(engine, argv)
        if engine.selected != self.database:
            engine.select(self.database)
        reply: Reply = engine.execute(tuple(argv))
        self.database = engine.selected
        return reply

    def _run_own(self, argv: Arguments) -> Reply:
        """Run a command about the connection, or COMMAND."""
        name = text(argv[0]).upper()
        if len(argv) > 1 and any(known.startswith(f"{name}|") for known in ROWS):
            full = f"{name}|{text(argv[1]).upper()}"
            if full not in ROWS:
                raise CommandError(f"ERR unknown subcommand '{quoted(argv[1])}'. Try {name} HELP.")
            name = full
        row = ROWS[name]
        if len(argv) < abs(row.arity) or (row.arity > 0 and len(argv) != row.arity):
            raise wrong_number(name.lower())
        return row.function(self, argv)

    def described(self) -> str:
        """Return the line that CLIENT LIST shows (redis 7: networking.c, catClientInfoString)."""
        now = self.engine.clock()
        fields = {
            "id": self.number,
            "addr": self.peer,
            "laddr": self.here,
            "fd": self.number + 7,
            "name": self.name,
            "age": int(now - self.began),
            "idle": int(now - self.last),
            "flags": "e" if self.is_kept else "N",
            "db": self.database,
            **dict.fromkeys(("sub", "psub", "ssub"), 0),
            "multi": -1,
            **dict.fromkeys(("qbuf", "qbuf-free", "argv-mem", "multi-mem"), 0),
            **dict.fromkeys(("rbs", "rbp", "obl", "oll", "omem", "tot-mem"), 0),
            "events": "r",
            "cmd": command_name(self.last_argv),
            "user": "default",
            "redir": -1,
            "resp": self.resp,
        }
        return " ".join(f"{name}={value}" for name, value in fields.items())
