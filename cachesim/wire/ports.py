"""The TCP ports at which a server listens: one in plain text, one with TLS. Both can move."""

import asyncio
import socket
from collections.abc import Callable, Set
from typing import Any

from cachesim.wire.tls import Tls

BACKLOG = 4096
NO_PORT = "Unable to listen on this port. Check server logs."
NO_TLS = "Unable to update TLS configuration. Check server logs."
NAMES = ("port", "tls-port")


class Ports:
    """The sockets of one server."""

    def __init__(self, make: Callable[[], asyncio.Protocol], host: str) -> None:
        self.make, self.host = make, host
        self.sockets: dict[str, socket.socket] = {}  # by the name of the parameter
        self.servers: dict[str, asyncio.Server] = {}
        self.tls: Tls | None = None
        self.tasks: set[asyncio.Task[None]] = set()  # kept, or they would be forgotten half-way

    def bind(self, name: str, port: int) -> None:
        """Take a port, so that clients can connect; `serve` answers them. Raises OSError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.sockets[name] = socket.create_server((self.host, port), family=family, backlog=BACKLOG)

    async def serve(self, name: str) -> None:
        """Answer the clients that connect to a port."""
        tls = self.tls if name == "tls-port" else None
        loop = asyncio.get_running_loop()
        made = await loop.create_server(self.make, sock=self.sockets[name], ssl=tls)
        self.servers[name] = made

    def move(self, name: str, port: int) -> None:
        """Listen at another port from now on; 0: at none. Raises ValueError."""
        old = self.sockets.pop(name, None)
        if old is not None and old.fileno() >= 0 and old.getsockname()[1] == port:
            self.sockets[name] = old
            return
        if port:
            try:
                self.bind(name, port)
            except OSError:
                if old is not None:
                    self.sockets[name] = old
                raise ValueError(NO_PORT) from None
        if (server := self.servers.pop(name, None)) is not None:
            server.close()
        if port:
            task = asyncio.get_running_loop().create_task(self.serve(name))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def follow(self, changed: Set[str], settings: dict[str, Any]) -> None:
        """Do what changed parameters ask for. Raises ValueError."""
        if any(name.startswith("tls-") for name in changed):
            self._renew(settings)
        for name in NAMES:
            if name in changed:
                self.move(name, settings[name])

    def _renew(self, settings: dict[str, Any]) -> None:
        if self.tls is None and not settings.get("tls-port"):
            return
        try:
            if self.tls is None:
                self.tls = Tls(settings)
            else:
                self.tls.renew()
        except ValueError:
            raise ValueError(NO_TLS) from None

    def close(self) -> None:
        """Listen no more."""
        for server in self.servers.values():
            server.close()
        for each in self.sockets.values():
            each.close()
