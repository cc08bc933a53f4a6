"""A server for any engine: it owns the sockets and wall time, and has one conversation per client."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cachesim.clock import Clock
from cachesim.engines.base import START, Engine
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.engines.redis.engine import RedisEngine
from cachesim.errors import BadInput
from cachesim.wire.addresses import Address, asked, is_left_over, shown
from cachesim.wire.clients import Clients
from cachesim.wire.connection import Connection, Conversation
from cachesim.wire.memcached_clients import TOO_MANY, MemcachedClients, PasswordFiles
from cachesim.wire.memcached_conversation import MemcachedConversation
from cachesim.wire.ports import Ports
from cachesim.wire.script_turns import ScriptTurns
from cachesim.wire.shutdown import end_of
from cachesim.wire.tls import Tls

NO_ROOM = b"-ERR max number of clients reached\r\n"
TICK = 0.1  # simulated seconds between two ticks of the engine


def wall_clock(speed: float) -> Clock:
    """Return a clock that starts at wall time and runs `speed` simulated seconds per second."""
    shown, began = time.time() - START, time.monotonic()
    return lambda: shown + (time.monotonic() - began) * speed


class Server:
    """Serves one engine until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        speed: float,
        clients: Clients | None = None,
        ended: asyncio.Event | None = None,
        passwords: PasswordFiles | None = None,
    ) -> None:
        self.engine = engine
        self.members: MemcachedClients | None = None
        if isinstance(engine, MemcachedEngine):
            self.members = MemcachedClients(engine, passwords)
        self.pause = max(0.001, TICK / speed)  # seconds of wall time between two ticks
        self.clients = clients or Clients(engine)
        self.connections: set[Connection] = set()
        self.ended = ended or asyncio.Event()  # the servers of a fleet share one
        self.address = Address()
        self.settings: dict[str, Any] = {}  # the parameters, by the names of CONFIG
        if isinstance(engine, RedisEngine):
            self.settings, engine.process_id = engine.settings, os.getpid()
        self.ports = Ports(lambda: Connection(self), "")
        self.listening: list[asyncio.Server] = []  # at a unix socket
        self.ticking: asyncio.Task[None] | None = None

    def conversation(self, peer: str, here: str) -> Conversation:
        """Return a conversation for a new client."""
        if self.members is None:
            return self.clients.join(peer, here)
        client = MemcachedConversation(self.members.engine, self.members, peer=peer, here=here)
        self.members.join(client)
        return client

    async def run(self, address: Address, ready: Callable[[str], None]) -> None:
        """Listen, call `ready` with the address, and serve until the end. Then remove the socket.

        Raises
        ------
        BadInput
            The server cannot listen at the address.
        """
        await run_all({self: address}, self.ended, lambda: ready(self.shown))

    async def open(self, address: Address) -> None:
        """Listen, and let time pass. Raises BadInput."""
        self.loop = loop = asyncio.get_running_loop()
        if isinstance(self.engine, RedisEngine):
            self.clients.turns = ScriptTurns(self.engine, loop.call_soon, loop.time)
        self.address = address
        make = lambda: Connection(self)  # noqa: E731
        self.ports = Ports(make, address.host)
        try:
            await self._open_ports(address)
            if address.path is not None:
                if os.path.lexists(address.path) and not is_left_over(address.path):
                    self.address = address._replace(path=None)  # not ours: `close` leaves it there
                    raise OSError(f"there is something at {address.path} already")
                made = await loop.create_unix_server(make, address.path, backlog=4096)
                self.listening.append(made)
        except OSError as error:
            raise BadInput(
                f"cannot listen at {asked(address)}: {error}; choose another address"
            ) from None
        if self.members is not None:
            self.members.listen(self.names())
        self.ticking = loop.create_task(self._tick())

    async def _open_ports(self, address: Address) -> None:
        """Listen at the TCP ports; later ones come by CONFIG SET. Raises OSError, BadInput."""
        ports = self.ports
        settings = self.settings
        if address.tls_port is not None:
            ports.tls = Tls(settings)
        for name, port in (("port", address.port), ("tls-port", address.tls_port)):
            if port is not None:
                ports.bind(name, port)
                await ports.serve(name)
                settings[name] = ports.sockets[name].getsockname()[1]
        if isinstance(self.engine, RedisEngine):
            self.engine.after_settings = lambda names: ports.follow(names, settings)

    def weigh(self, client: Any) -> None:
        """Count the bytes of a client that has sent or got something."""
        if self.clients.memory is not None and self.members is None:
            self.clients.memory.look(client)

    def refusal(self) -> bytes:
        """Return the words for a client that is one too many; none if there is room."""
        if self.members is not None:
            return TOO_MANY if self.members.is_full() else b""
        return NO_ROOM if self.clients.is_full else b""

    @property
    def shown(self) -> str:
        """The addresses at which it listens, for people."""
        return " and ".join(shown(name) for name in self.names())

    def names(self) -> list[Any]:
        """List the names of the sockets at which it listens: (host, port, ...) or a path."""
        listening = [*self.ports.servers.values(), *self.listening]
        return [each.getsockname() for server in listening for each in server.sockets]

    async def _tick(self) -> None:
        """Let the engine do its timed work (expiry, upkeep) without a request; end a pause."""
        while True:
            await asyncio.sleep(self.pause)
            if self.clients.turns is not None and self.clients.turns.is_busy:
                continue  # the time of a script stands still
            self.engine.tick()
            self.clients.look_at_clock()
            self.spread(looks=True)

    def spread(self, looks: bool = False) -> None:
        """Send the replicas what is new, and answer each WAIT that is over.

        `looks`: leave the replicas that were silent too long.
        """
        primary = self.clients.primary
        if primary is None:
            return
        primary.spread()
        for link in primary.links:
            if link.outgoing:
                link.client.give(link.take())
        now = asyncio.get_running_loop().time()
        if primary.waiting:
            primary.answer()
        for link in primary.listen(now) if looks else ():
            link.client.over = self.clients.has_news = True
        if self.clients.has_news:
            self.look()

    def look(self) -> None:
        """Close the connections of killed clients. Stop if a client has asked for it."""
        self.clients.has_news = False
        if self.clients.shut_down:
            self.ended.set()
        for connection in [each for each in self.connections if each.conversation.over]:
            if not connection.transport.is_closing():  # else it still gets its last reply
                connection.transport.abort()  # one that does not read would stay for ever

    def end(self) -> None:
        """End in order: what is kept is kept, unless SHUTDOWN has said otherwise. Raises BadInput."""
        if not self.clients.shut_down:
            end_of(self.engine)

    def close(self) -> None:
        """Listen no more, leave all clients and remove the socket."""
        if self.ticking is not None:
            self.ticking.cancel()
        self.ports.close()
        for server in self.listening:
            server.close()
        for connection in list(self.connections):
            connection.transport.close()
        if self.address.path is not None and self.listening:
            with suppress(OSError):
                Path(self.address.path).unlink()


async def run_all(
    servers: Mapping[Server, Address], ended: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Open all servers, call `ready`, serve until the end and close them. Raises BadInput."""
    loop = asyncio.get_running_loop()
    try:
        for server, address in servers.items():
            await server.open(address)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        ready()
        await ended.wait()
        for server in servers:
            server.end()
    finally:
        for server in servers:
            server.close()
