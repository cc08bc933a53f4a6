"""All connections to one memcached engine: who they are, who may come in, and who watches."""

import os
from typing import Any, NamedTuple

from cachesim.engines.base import START
from cachesim.engines.memcached.engine import MemcachedEngine
from cachesim.engines.memcached.host import WATCHER_BUFFER
from cachesim.engines.memcached.logged import CONNECTIONS, FETCHERS, KINDS
from cachesim.engines.memcached.stats_settings import Figures
from cachesim.wire.addresses import shown
from cachesim.wire.memcached_login import read_passwords

FIRST = 24  # the number of the first client: below are the files that a server has open
SPARE = 26  # numbers of -c that no client gets
MOST_WATCHERS = 20
TOO_MANY = b"ERROR Too many open connections\r\n"


class PasswordFiles(NamedTuple):
    """Where the passwords are; at most one of the two."""

    sasl: str | None = None  # of clients that speak the binary protocol, -S
    text: str | None = None  # of clients that speak the text protocol, -Y


class MemcachedClients:
    """All connections to one engine. Raises BadInput if a file of passwords is bad."""

    def __init__(self, engine: MemcachedEngine, files: PasswordFiles | None = None) -> None:
        files = files or PasswordFiles()
        self.engine = engine
        self.sasl = read_passwords(files.sasl) if files.sasl else None
        self.passwords = read_passwords(files.text) if files.text else None
        self.by_number: dict[int, Any] = {}
        self.watchers: list[Any] = []
        self.listening: tuple[str, ...] = ()  # the server's own addresses
        self.began = engine.now
        self.lines = 0  # told to watchers so far
        host = engine.host
        host.sasl, host.auth_file = self.sasl is not None, files.text or host.auth_file
        host.clients = self.figures

    def listen(self, names: list[Any]) -> None:
        """Hear at which sockets the server listens: (host, port, ...) or a path."""
        host = self.engine.host
        host.pid, host.usage = os.getpid(), lambda: os.times()[:2]
        self.listening = tuple(named(shown(name)) for name in names)
        for name in names:
            if isinstance(name, str):
                host.socket = name
            else:
                host.address, host.port = name[:2]

    def join(self, client: Any) -> None:
        """Let a new client in; its number is the lowest that is free, as for a file."""
        host, number = self.engine.host, FIRST
        while number in self.by_number:
            number += 1
        client.number = number
        self.by_number[number] = client
        host.connections += 1
        host.total_connections += 1
        host.most_at_once = max(host.most_at_once, host.connections)
        self._tell_of(client, "conn_new")

    def leave(self, client: Any) -> None:
        """Forget a client that is gone."""
        if self.by_number.pop(client.number, None) is None:
            return
        self.engine.host.connections -= 1
        if client in self.watchers:
            self.watchers.remove(client)
            self._look_at_watchers()
        self._tell_of(client, "conn_close", "error" if client.stream.dropped else "normal")

    def is_full(self) -> bool:
        """Whether a new client must go; it is counted."""
        host = self.engine.host
        full = host.connections >= host.max_connections - SPARE
        host.rejected += full
        return full

    # --- watch

    def watch(self, client: Any, names: list[bytes]) -> str:
        """Let a client watch; return the server's answer."""
        kinds = frozenset(name.decode("latin-1") for name in names) or {FETCHERS}
        if not kinds <= set(KINDS):
            return "ERROR"
        if len(self.watchers) >= MOST_WATCHERS:
            return "WATCHER_TOO_MANY log watcher limit reached"
        client.watched = frozenset(kinds)
        self.watchers.append(client)
        self._look_at_watchers()
        return "OK"

    def _look_at_watchers(self) -> None:
        self.engine.watched = frozenset().union(*(each.watched for each in self.watchers))
        self.engine.log = self.tell
        self.engine.host.watchers = len(self.watchers)

    def _tell_of(self, client: Any, what: str, reason: str = "") -> None:
        if CONNECTIONS not in self.engine.watched:
            return
        address, _, port = client.peer.rpartition(":")
        where = f"rip={address} rport={port} transport=tcp"
        if port in {"", "0"}:
            where = "rip=unix rport=0 transport=local"
        why = f" reason={reason}" if reason else ""
        self.tell(CONNECTIONS, f"type={what} {where}{why} cfd={client.number}")

    def tell(self, kind: str, text: str) -> None:
        """Send a line to those who watch its kind; what does not fit is counted."""
        host = self.engine.host
        self.lines += 1
        host.log_written += 1
        line = f"ts={START + self.engine.clock():.6f} gid={self.lines} {text}\n".encode()
        for client in self.watchers:
            if kind in client.watched:
                self._send(client, line)

    def _send(self, client: Any, line: bytes) -> None:
        host = self.engine.host
        if client.unsent() + len(line) > WATCHER_BUFFER:
            client.skipped += 1
            host.log_skipped += 1
            return
        if client.skipped:
            line = b"skipped=%d\n" % client.skipped + line
            client.skipped = 0
        host.log_sent += 1
        client.give(line)

    # --- stats conns

    def figures(self) -> Figures:
        """Return address and state of each socket."""
        found: Figures = {}
        for number, address in enumerate(self.listening, FIRST - len(self.listening)):
            found |= {
                f"{number}:addr": address,
                f"{number}:state": "conn_listening",
                f"{number}:secs_since_last_cmd": self.engine.now - self.began,
            }
        for number, client in sorted(self.by_number.items()):
            state = "conn_watch" if client.watched else client.state
            found |= {
                f"{number}:addr": named(client.peer),
                f"{number}:listen_addr": named(client.here),
                f"{number}:state": state,
                f"{number}:secs_since_last_cmd": self.engine.now - client.last,
            }
        return found


def named(address: str) -> str:
    """Return an address as the server shows it.

    >>> named("127.0.0.1:11211"), named("/tmp/socket")
    ('tcp:127.0.0.1:11211', 'unix:/tmp/socket')
    """
    if address.startswith(("/", ".")) or ":" not in address:
        return f"unix:{address.removesuffix(':0')}"
    return f"tcp6:{address}" if address.startswith("[") else f"tcp:{address}"
