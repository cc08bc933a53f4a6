"""A server for any engine: it owns the sockets and wall time, and has one conversation per client."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cachesim.clock import Clock
from cachesim.engines.base import START, Engine
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.errors import BadInput
from cachesim.wire.clients import Clients
from cachesim.wire.memcached_conversation import MemcachedConversation
from cachesim.wire.redis_conversation import RedisConversation
from cachesim.wire.shutdown import end_of

MOST_UNSENT = 1 << 20  # bytes of replies that a client may leave unread; then it is not read either
MOST_FOR_A_REPLICA = (
    256 << 20
)  # bytes: that may wait for a replica, as in client-output-buffer-limit
TICK = 0.1  # simulated seconds between two ticks of the engine


class Address(NamedTuple):
    """Where to listen: a port, a unix socket, or both."""

    host: str = "127.0.0.1"
    port: int | None = None  # 0: any free port
    path: str | None = None  # of a unix socket


class Conversation(Protocol):
    """One client's conversation, in either protocol."""

    over: bool
    pending: bool

    def receive(self, data: bytes) -> bytes:
        """Take bytes and return the replies to the requests that they complete."""


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
    ) -> None:
        self.engine = engine
        self.pause = max(0.001, TICK / speed)  # seconds of wall time between two ticks
        self.clients = clients or Clients(engine)
        self.connections: set[Connection] = set()
        self.ended = ended or asyncio.Event()  # the servers of a fleet share one
        self.address = Address()
        self.listening: list[asyncio.Server] = []
        self.ticking: asyncio.Task[None] | None = None

    def conversation(self, peer: str, here: str) -> Conversation:
        """Return a conversation for a new client."""
        if isinstance(self.engine, MemcachedEngine):
            return MemcachedConversation(self.engine)
        return self.clients.join(peer, here)

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
        loop = asyncio.get_running_loop()
        self.address = address
        make = lambda: Connection(self)  # noqa: E731
        try:
            if address.port is not None:
                made = await loop.create_server(make, address.host, address.port, backlog=4096)
                self.listening.append(made)
            if address.path is not None:
                if os.path.lexists(address.path) and not is_left_over(address.path):
                    self.address = address._replace(path=None)  # not ours: `close` leaves it there
                    raise OSError(f"there is something at {address.path} already")
                made = await loop.create_unix_server(make, address.path, backlog=4096)
                self.listening.append(made)
        except OSError as error:
            raise BadInput(
                f"cannot listen at {_asked(address)}: {error}; choose another address"
            ) from None
        self.ticking = loop.create_task(self._tick())

    @property
    def shown(self) -> str:
        """The addresses at which it listens, for people."""
        return " and ".join(_address(name) for name in self.names())

    def names(self) -> list[Any]:
        """List the names of the sockets at which it listens: (host, port, ...) or a path."""
        return [each.getsockname() for server in self.listening for each in server.sockets]

    async def _tick(self) -> None:
        """Let the engine do its timed work (expiry, upkeep) without a request; end a pause."""
        while True:
            await asyncio.sleep(self.pause)
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
            connection.transport.close()

    def end(self) -> None:
        """End in order: what is kept is kept, unless SHUTDOWN has said otherwise. Raises BadInput."""
        if not self.clients.shut_down:
            end_of(self.engine)

    def close(self) -> None:
        """Listen no more, leave all clients and remove the socket."""
        if self.ticking is not None:
            self.ticking.cancel()
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


class Connection(asyncio.Protocol):
    """One client's socket: bytes go into its conversation, replies go back as the client reads."""

    transport: asyncio.Transport
    conversation: Conversation

    def __init__(self, server: Server) -> None:
        self.server = server
        self.is_full = False  # the client left too many replies unread
        self.is_behind = False  # commands that have come wait for their turn
        self.largest = 0  # bytes of the largest piece that was given

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the conversation."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        peer, here = (_address(transport.get_extra_info(n)) for n in ("peername", "sockname"))
        self.conversation = self.server.conversation(peer or f"{here}:0", here)
        if isinstance(self.conversation, RedisConversation):
            self.conversation.give = self.give
        self.server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        client = self.conversation
        reply = client.receive(data)
        if reply:
            self.transport.write(reply)
        if client.over:
            self.transport.close()
        elif client.pending and not self.is_full:
            asyncio.get_running_loop().call_soon(self.data_received, b"")
        if client.pending != self.is_behind:
            self._read_on(client.pending)
        self.server.spread()
        if self.server.clients.has_news:
            self.server.look()

    def _read_on(self, is_behind: bool) -> None:
        """Read no more from a client while commands of it wait; else they would fill the memory."""
        self.is_behind = is_behind
        if is_behind:
            self.transport.pause_reading()
        elif not self.is_full and not self.transport.is_closing():
            self.transport.resume_reading()

    def give(self, data: bytes) -> None:
        """Send what the client did not ask for now: a replica's stream, a late reply, a message."""
        self.transport.write(data)
        self.largest = max(self.largest, len(data))  # the copy of all keys may be as large as it is
        if self.transport.get_write_buffer_size() > self.largest + MOST_FOR_A_REPLICA:
            self.transport.abort()
        elif self.conversation.pending:
            asyncio.get_running_loop().call_soon(self.data_received, b"")

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.is_full = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read from the client again."""
        self.is_full = False
        if not self.transport.is_closing():
            if not self.is_behind:
                self.transport.resume_reading()
            if self.conversation.pending:
                self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        self.server.connections.discard(self)
        if isinstance(self.conversation, RedisConversation):
            self.server.clients.leave(self.conversation)


def is_left_over(path: str) -> bool:
    """Remove a unix socket at which nobody listens any more; True if there was one. Another file stays."""
    if not Path(path).is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
            return True
        except OSError:
            return False
    return False


def _address(name: object) -> str:
    if isinstance(name, tuple):
        return f"{name[0]}:{name[1]}"
    return name if isinstance(name, str) else ""


def _asked(address: Address) -> str:
    parts = [] if address.port is None else [f"{address.host}:{address.port}"]
    return " and ".join([*parts, *([address.path] if address.path else [])])
