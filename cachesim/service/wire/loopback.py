"""The door for clients elsewhere on this machine: HTTP on loopback, in paced time."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cachesim.service.account import Account
from cachesim.service.wire.answer import answer
from cachesim.service.wire.s3 import HttpRequest

HOST = "127.0.0.1"


class PacedTime:
    """Lets an account's time follow the wall clock, `pace` times as fast.

    >>> from itertools import count
    >>> account = Account()
    >>> paced = PacedTime(account, pace=60, wall=count(5).__next__)
    >>> paced.catch_up()
    >>> account.calendar.now
    60.0
    """

    def __init__(
        self, account: Account, pace: float, wall: Callable[[], float] = time.monotonic
    ) -> None:
        self.account, self.pace, self.wall = account, pace, wall
        self.began = wall()

    def catch_up(self) -> None:
        """Let the account's time be what it is now."""
        due = (self.wall() - self.began) * self.pace
        self.account.calendar.advance(max(0.0, due - self.account.calendar.now))


class Handler(BaseHTTPRequestHandler):
    """One request after the other: the account answers each at its time."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one write: two cost 40 ms (Nagle, delayed acknowledgement)
    server: "Door"

    def do_POST(self) -> None:
        """Answer a request of AWS's wire."""
        headers = {key.title(): value for key, value in self.headers.items()}
        asked = HttpRequest(self.command, self.path, headers, self._body())
        with self.server.lock:
            self.server.paced.catch_up()
            found = answer(self.server.account, asked)
        self.send_response(found.status)
        for key, value in {"Content-Length": str(len(found.body)), **found.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(found.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 # names of http.server; S3 has them, too

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def handle_expect_100(self) -> bool:
        """Let a client go on that asks before it sends a body."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Door(ThreadingHTTPServer):
    """A server for one account."""

    daemon_threads = True

    def __init__(self, account: Account, port: int, pace: float) -> None:
        super().__init__((HOST, port), Handler)
        self.account = account
        self.paced = PacedTime(account, pace)
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address for AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.server_address[1]}"
