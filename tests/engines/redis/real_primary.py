"""A real redis-server, and a connection that poses as its replica and reads the stream."""

import re
import socket
import subprocess
import tempfile
from contextlib import ExitStack

from cachesim.engines.redis.arguments import argument

OPTIONS = {
    "bind": "127.0.0.1",
    "save": "",
    "repl-diskless-sync": "no",
    "repl-ping-replica-period": "3600",
    "enable-debug-command": "yes",
}


class RealPrimary:
    """A server on a loopback port of its own choice, without active expiry."""

    def __init__(self):
        self.held = ExitStack()
        try:
            self.start()
        except BaseException:
            self.held.close()
            raise

    def start(self):
        """Start the server and connect, once as a client and once as a replica."""
        folder = self.held.enter_context(tempfile.TemporaryDirectory())
        options = [x for name, value in OPTIONS.items() for x in (f"--{name}", value)]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        argv = ["redis-server", "--port", str(port), "--dir", folder, *options]
        server = subprocess.Popen(argv, stdout=subprocess.PIPE)
        self.held.callback(server.wait)
        self.held.callback(server.stdout.close)
        self.held.callback(server.kill)
        assert any(b"Ready to accept" in line for line in server.stdout), "redis-server failed"
        self.client, self.answers = self.connect(port)
        self.replica, self.stream = self.connect(port)
        self.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        self.synchronise()

    def connect(self, port):
        """Return a connection, and the file that reads from it."""
        connection = self.held.enter_context(socket.create_connection(("127.0.0.1", port)))
        return connection, self.held.enter_context(connection.makefile("rb"))

    def synchronise(self):
        """Take a full resync, as a replica that is new."""
        self.replica.sendall(request("PSYNC", "?", "-1"))
        line = self.stream.readline()
        while not line.startswith(b"+FULLRESYNC"):
            line = self.stream.readline()
        self.start_offset = self.received = int(line.split()[2])
        while not (line := self.stream.readline()).startswith(b"$"):
            pass  # empty lines keep the link alive
        self.stream.read(int(line[1:]))

    def call(self, *command):
        """Return the reply to a client's command."""
        self.client.sendall(request(*command))
        return reply(self.answers)

    @property
    def offset(self):
        """The server's own count of the stream's bytes."""
        report = self.call("INFO", "replication")
        return int(re.search(rb"master_repl_offset:(\d+)", report)[1])

    def propagated(self):
        """Return the commands of the stream that are new since the last time."""
        end, found = self.offset, []
        while self.received < end:
            command = reply(self.stream)
            size = len(request(*command))
            self.received += size
            if command == [b"ping"]:  # one may come in the server's first second
                self.start_offset += size
            else:
                found.append(command)
        return found


def request(*command):
    """Return a command as it is sent."""
    parts = [argument(part) for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)


def reply(lines):
    """Read one reply."""
    line = lines.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"*":
        return None if rest == b"-1" else [reply(lines) for _ in range(int(rest))]
    if kind == b"$":
        return None if rest == b"-1" else lines.read(int(rest) + 2)[:-2]
    return line[:-2]
