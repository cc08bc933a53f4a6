"""The door for clients elsewhere on this machine: HTTP on loopback, and a port for each endpoint."""

import json
import threading
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cachesim.service.account import Account
from cachesim.service.wire.answer import answer
from cachesim.service.wire.endpoints import Endpoints, SpecOf
from cachesim.service.wire.s3 import HttpRequest
from cachesim.service.wire.times import FrozenTime
from cachesim.service.wire.write import Reply

HOST = "127.0.0.1"
ADVANCE = "/_cachesim/advance"
YEAR = 366 * 86400  # seconds: the longest advance
PATIENCE = 5.0  # seconds of wall time for an address that is sent a message


class Handler(BaseHTTPRequestHandler):
    """One request after the other: the account answers each at its time."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one write: two cost 40 ms (Nagle, delayed acknowledgement)
    server: "Door"

    def do_POST(self) -> None:
        """Answer a request of AWS's wire, or let time pass."""
        path, body = urlsplit(self.path), self._body()
        if path.path == ADVANCE:
            self._send(self.server.advance(path.query, body))
            return
        query = parse_qs(path.query)
        if query.get("Action") == ["ConfirmSubscription"]:  # the address in a message of SNS
            asked = HttpRequest("POST", "/", {}, path.query.encode())
        else:
            headers = {key.title(): value for key, value in self.headers.items()}
            asked = HttpRequest(self.command, self.path, headers, body)
        self._send(self.server.ask(asked))

    def _send(self, found: Reply) -> None:
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
    """A server for one account, at a port of loopback (0: any that is free).

    `spec_of` makes the spec of a node from its group or cluster; without it no endpoint gets a port.
    """

    daemon_threads = True

    def __init__(
        self, account: Account, port: int, time: FrozenTime, spec_of: SpecOf | None = None
    ) -> None:
        super().__init__((HOST, port), Handler)
        self.account, self.time = account, time
        self.lock = threading.Lock()
        self.endpoints = Endpoints(account, spec_of, time.now) if spec_of else None
        account.desk("sns").post = self._post
        self.dax: Any = None  # its ports; their module needs cbor2
        if "dax" in account.desks and find_spec("cbor2"):
            from cachesim.service.wire.dax_ports import DaxPorts

            self.dax = DaxPorts(account, self.lock, self._follow)

    @property
    def url(self) -> str:
        """The address for AWS_ENDPOINT_URL."""
        return f"http://{HOST}:{self.server_address[1]}"

    def ask(self, request: HttpRequest) -> Reply:
        """Let the account answer a request."""
        with self.lock:
            self._follow()
            found = answer(self.account, request, self.time.asked)
            self._follow()
            return found

    def advance(self, query: str, body: bytes) -> Reply:
        """Let time pass, by seconds=60 in the query or {"seconds": 60} in the body."""
        try:
            given = parse_qs(query).get("seconds") or [json.loads(body)["seconds"]]
            seconds = float(given[0])
        except (ValueError, KeyError, TypeError):
            seconds = -1.0
        if not 0 <= seconds <= YEAR:
            return _told(400, {"error": "give seconds from 0 to 31622400, such as ?seconds=60"})
        with self.lock:
            self.time.advance(seconds)
            self._follow()
            return _told(200, {"now": self.account.calendar.date.isoformat()})

    def service_actions(self) -> None:
        """Let time and ports go on while nobody asks; the server calls this twice a second."""
        with self.lock:
            self._follow()

    def _follow(self) -> None:
        self.time.catch_up()
        if self.endpoints is not None:
            self.endpoints.sync()
        if self.dax is not None:
            self.dax.sync()

    def _post(self, address: str, body: dict[str, Any]) -> None:
        """Send a message of SNS in the background. SIMPLIFIED: it is tried once."""
        if "Token" in body:
            asked = {"Action": "ConfirmSubscription", "Version": "2010-03-31"}
            asked |= {name: body[name] for name in ("TopicArn", "Token")}
            body = {**body, "SubscribeURL": f"{self.url}/?{urlencode(asked)}"}
        headers = {"Content-Type": "text/plain", "x-amz-sns-message-type": body["Type"]}
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)
        threading.Thread(target=_sent, args=(request,), daemon=True).start()

    def server_close(self) -> None:
        """Close the door and every port behind it."""
        super().server_close()
        if self.endpoints is not None:
            self.endpoints.close()
            self.endpoints = None
        if self.dax is not None:
            self.dax.close()
            self.dax = None


def _told(status: int, what: dict[str, str]) -> Reply:
    body = json.dumps(what) + "\n"
    return Reply(status, {"Content-Type": "application/json"}, body.encode())


def _sent(request: urllib.request.Request) -> None:
    with suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=PATIENCE):
        pass
