"""All connections to one engine: who they are, who waits, and what a pause holds back."""

from itertools import count

from cachesim.engines.base import Engine
from cachesim.engines.redis.arguments import Arguments
from cachesim.engines.redis.command import RedisCommand, Table
from cachesim.engines.redis.engine import RedisEngine
from cachesim.engines.redis.parameters import value_of
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.users import Users
from cachesim.engines.redis.watched import WatchedEngine
from cachesim.wire import (
    acl_commands,
    client_commands,
    cluster_commands,
    command_commands,
    replication_commands,
    shutdown,
    subscriptions,
    transactions,
)
from cachesim.wire.blocked import Pause, Postponed, may_write
from cachesim.wire.client_memory import ClientMemory
from cachesim.wire.primary import Primary
from cachesim.wire.redis_conversation import RedisConversation
from cachesim.wire.script_turns import ScriptTurns

ABOUT_CLIENTS = client_commands.COMMANDS | command_commands.COMMANDS | acl_commands.COMMANDS
ABOUT_CLIENTS |= shutdown.COMMANDS
OF_REDIS = ABOUT_CLIENTS | cluster_commands.COMMANDS | replication_commands.COMMANDS
OF_REDIS |= subscriptions.COMMANDS
OWN = OF_REDIS | transactions.COMMANDS


def own_commands(engine: Engine) -> Table:
    """Give the commands that are answered for an engine without asking it."""
    if not isinstance(engine, RedisEngine):
        return ABOUT_CLIENTS  # the simple engine has no part in a cluster, and no replicas
    return OWN if isinstance(engine, WatchedEngine) else OF_REDIS  # WATCH needs its notes


class Clients:
    """All connections to one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.users = engine.users if isinstance(engine, RedisEngine) else Users({}, {})
        self.own = own_commands(engine)
        self.own_names = frozenset(name.encode() for name in self.own)
        self.by_number: dict[int, RedisConversation] = {}  # CLIENT ID replies the number
        self.next_number = count(1).__next__
        self.shut_down = False  # a client asked for it
        self.has_news = False  # for the server: a shutdown, a killed client
        self.primary: Primary | None = None  # None: nobody can copy the engine
        self.memory: ClientMemory | None = None  # of a Redis
        if isinstance(engine, RedisEngine):
            self.memory = ClientMemory(self, engine)
            engine.scripts.others, engine.scripts.show = OWN, self.show_script
        if isinstance(engine, ReplicatedEngine) and not engine.is_replica:
            self.primary = Primary(engine)
        self.monitors: dict[RedisConversation, None] = {}
        self.pause: Pause | None = None  # CLIENT PAUSE
        self.turns: ScriptTurns | None = None  # the thread of the scripts; the server makes it

    def join(self, peer: str = "", here: str = "") -> "RedisConversation":
        """Return the conversation of a new client. Its address is `peer`, the server's is `here`."""
        client = self.conversation(peer, here)
        self.by_number[client.number] = client
        self._show_count()
        return client

    def conversation(self, peer: str, here: str) -> "RedisConversation":
        """Make the conversation of a new client."""
        return RedisConversation(self, self.next_number(), peer, here)

    @property
    def is_full(self) -> bool:
        """Whether no more clients may come: the parameter `maxclients`."""
        return bool(len(self.by_number) >= value_of(self.users.settings, "maxclients"))

    def leave(self, client: "RedisConversation") -> None:
        """Forget a client that is gone."""
        self.by_number.pop(client.number, None)
        client.over = True
        if self.memory is not None:
            self.memory.leave(client)
        if client.blocked is not None:
            client.blocked.forget()
            client.unblocked()
        user = client.user
        client.reset()
        client.user = user  # its transaction may run on
        if client.link is not None and self.primary is not None:
            self.primary.leave(client.link)
        self._show_count()

    def holds_back(self, client: "RedisConversation", argv: Arguments) -> bool:
        """Whether a pause holds back a command of a client now."""
        pause = self.pause
        if pause is None:
            return False
        if self.engine.clock() >= pause.until:
            self.go_on()
            return False
        if client.link is not None or pause.only_writes:  # a replica acknowledges all the time
            return may_write(client, argv)
        return True

    def hold(self, until: float, only_writes: bool) -> None:
        """Begin a pause; of two pauses the stricter and the longer one count."""
        # redis 7: networking.c, pauseClients
        if (old := self.pause) is not None:
            until, only_writes = max(until, old.until), only_writes and old.only_writes
        self.pause = Pause(until, only_writes)
        self.engine.is_paused = True  # type: ignore[attr-defined] # of a Redis

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
        if self.memory is not None:
            self.memory.look_at_all()
        if isinstance(self.engine, RedisEngine) and self.engine.blocked.ready:
            self.engine.blocked.serve()  # the cron has removed a key
        if self.pause is not None and now >= self.pause.until:
            self.go_on()
        if timeout := value_of(self.users.settings, "timeout"):
            self._leave_idle(now - timeout)
        for client in list(self.by_number.values()):
            if client.blocked is not None and now >= client.blocked.until:
                client.blocked.time_out()

    def show_script(self, row: RedisCommand, argv: Arguments) -> None:
        """Show a command of a script to the clients that monitor."""
        if self.monitors:
            subscriptions.show_script(self, row, argv)

    def _leave_idle(self, since: float) -> None:
        """Hang up on clients that have said nothing since then (redis 7: clientsCronHandleTimeout)."""
        for client in self.by_number.values():
            waits = client.blocked or client.link or len(client.subscriptions)
            if client.last < since and not waits and client not in self.monitors:
                client.over = self.has_news = True

    def _show_count(self) -> None:
        if isinstance(self.engine, RedisEngine):
            self.engine.connected_clients = len(self.by_number)
