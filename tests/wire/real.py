"""Real servers on loopback ports for the tests of the wire, and a plain client of theirs."""

import itertools
import os
import shutil
import socket
import subprocess
import time
from contextlib import closing

import pytest

from tests.patience import PATIENCE


def needed(*programs):
    """Skip the test if a program is missing; fail in CI."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing:
        problem = f"missing: {', '.join(missing)} (apt install redis-server redis-tools)"
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)


# Below the ports that the system gives to clients. Each process begins at a place of its own.
PORTS = itertools.cycle(range(10_000, 32_000))
next(itertools.islice(PORTS, os.getpid() % 220 * 100, None))


def free_ports(number):
    """Find so many ports in a row that are free now."""
    found = []
    while len(found) < number:
        port = next(PORTS)
        found = [*found, port] if is_free(port) and found[-1:] in ([], [port - 1]) else []
    return found


def is_free(port):
    """Whether nobody listens at a port and nobody has just left it."""
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(holds, what):
    """Look again and again until it holds; fail after PATIENCE."""
    given_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < given_up, f"waited too long for {what}"
        time.sleep(0.02)


class Client:
    """A client that speaks RESP2 and shows replies as bytes, numbers, lists and texts."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def ask(self, *parts):
        """Send a command and return its reply; an error is a text that begins with "-"."""
        self.send(*parts)
        return self.reply()

    def send(self, *parts):
        words = [each if isinstance(each, bytes) else str(each).encode() for each in parts]
        self.socket.sendall(resp(words))

    def reply(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2]
        if kind in (b"-", b"+"):
            return line[kind == b"+" : -2].decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]

    def close(self):
        self.stream.close()
        self.socket.close()


def resp(words):
    """The bytes of a command."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


class RealRedis:
    """A redis-server on wall time in a folder of its own. `close` ends it."""

    def __init__(self, folder, *options, port=None):
        needed("redis-server", "redis-cli")
        self.port = port or free_ports(1)[0]
        fixed = ("--port", self.port, "--bind", "127.0.0.1", "--dir", folder, "--save", "")
        with open(folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", *map(str, (*fixed, *options))], stdout=log, stderr=log
            )
        wait_until(self._answers, "redis-server")
        self.client = Client(self.port)

    def _answers(self):
        assert self.process.poll() is None, "redis-server ended"
        try:
            with closing(Client(self.port)) as client:
                return client.ask("PING") == "PONG"
        except (OSError, ValueError):  # not yet, or it has ended before it answered
            return False

    def ask(self, *parts):
        return self.client.ask(*parts)

    def info(self, section):
        """The fields of a section of INFO."""
        lines = self.ask("INFO", section).decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def close(self):
        self.client.close()
        self.process.kill()
        self.process.wait()
