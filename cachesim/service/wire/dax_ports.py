"""Ports of DAX on loopback, for Amazon's own client (amazon-dax-client): one for each available cluster."""

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cbor2

from cachesim.service.account import Account
from cachesim.service.faults import ServiceFault
from cachesim.service.wire.dax import HOST, METHODS, DaxCalls
from cachesim.service.wire.dax_values import decoder

GREETING = 5  # values that a client sends first: "J7yne5G", 0, its session, who it is, 0
FAULTS = {  # shape -> the code that the client knows
    "ProvisionedThroughputExceededException": 40,
    "ResourceNotFoundException": 41,
    "ConditionalCheckFailedException": 43,
    "ValidationException": 46,
    "ThrottlingException": 50,
}
NEVER = [3, 37]  # codes of an error that no repetition cures


class DaxPort(socketserver.ThreadingTCPServer):
    """The port of one cluster. `lock` and `follow` are the door's: one request after the other, at its time."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, account: Account, cluster: str, lock: threading.Lock, follow: Callable[[], None]
    ) -> None:
        super().__init__((HOST, 0), DaxConversation)
        self.account, self.cluster, self.lock, self.follow = account, cluster, lock, follow
        self.lists: dict[tuple[str, ...], int] = {(): 1}  # names of attributes -> their number
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class DaxConversation(socketserver.BaseRequestHandler):
    """A connection of a client."""

    server: DaxPort

    def handle(self) -> None:
        """Answer one call after the other."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        read = decoder(self.request.makefile("rb")).decode
        with suppress(EOFError, OSError, cbor2.CBORDecodeError):
            for _ in range(GREETING):
                read()
            goes_on = True
            while goes_on:
                read()  # the service: always 1
                goes_on = self._call(read(), read)

    def _call(self, method: int, read: Callable[[], Any]) -> bool:
        """Answer a call; whether another one can be read after it."""
        name, count = METHODS.get(method, ("", 0))
        if not name:
            text = f"method {method} of DAX is not simulated; ask the table itself"
            self._send(self._refusal(ServiceFault("NotImplemented", text)))
            return False
        values = [read() for _ in range(count)]
        if name == "authorize":  # it has no answer
            return True
        try:
            with self.server.lock:
                self.server.follow()
                front = self.server.account.desk("dax").front(self.server.cluster)
                found = getattr(DaxCalls(self.server.port, self.server.lists, front), name)(*values)
            self._send([[], *found])
        except ServiceFault as fault:
            self._send(self._refusal(fault))
        return True

    def _refusal(self, fault: ServiceFault) -> list[Any]:
        code = FAULTS.get(fault.shape)
        codes = NEVER if code is None else [4, 37, 38, 39, code]
        return [codes, str(fault), [None, fault.shape, 400]]

    def _send(self, values: list[Any]) -> None:
        self.request.sendall(b"".join(map(cbor2.dumps, values)))


class DaxPorts:
    """The ports of all clusters that are available."""

    def __init__(self, account: Account, lock: threading.Lock, follow: Callable[[], None]) -> None:
        self.account, self._parts = account, (lock, follow)
        self.ports: dict[str, DaxPort] = {}

    def sync(self) -> None:
        """Let the ports be what the desk says now, and tell where the endpoints lead."""
        clusters = self.account.desk("dax").clusters
        up = {each.id: each for each in clusters if each.status in ("available", "modifying")}
        for gone in self.ports.keys() - up.keys():
            self._close(self.ports.pop(gone))
        for name, cluster in up.items():
            if name not in self.ports:
                self.ports[name] = DaxPort(self.account, name, *self._parts)
            self.account.names[cluster.address] = (HOST, self.ports[name].port)

    def close(self) -> None:
        """Close all ports."""
        for port in self.ports.values():
            self._close(port)
        self.ports.clear()

    def _close(self, port: DaxPort) -> None:
        port.shutdown()
        port.server_close()
