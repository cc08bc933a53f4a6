"""Random messages of memcached's binary protocol into the embedded and the real server, at the same simulated time.

Every byte must be the same, also of a reply to nonsense. More, or fewer, of them: DIFFERENTIAL=1000000.
"""

import os
import random
import socket
import struct
import subprocess

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.live.memcached_server import MemcachedServer, MemcachedServerEngine
from cachesim.live.server import ServerEngine
from cachesim.units import MIB
from cachesim.wire.memcached_clients import MemcachedClients, PasswordFiles
from cachesim.wire.memcached_conversation import MemcachedConversation
from tests.engines.memcached.random_messages import HEAD, message, random_message
from tests.wire.real import needed

MESSAGES = int(os.environ.get("DIFFERENTIAL", "300000")) // 24
BATCH = 2500
PAUSES = [0.0] * 20 + [0.001] * 5 + [0.05, 0.1, 0.7, 1.0, 3.0, 61.0]  # seconds between two messages
LAST = 0xFEEDBEEF  # the opaque of the noop that ends an exchange
NOOP = message(0x0A, opaque=LAST)
ANSWER = b"\x81\x0a" + bytes(10) + struct.pack(">LQ", LAST, 0)


class BinaryServer(MemcachedServer):
    """A real memcached whose only connection speaks the binary protocol."""

    options: tuple[str, ...] = ()

    def command(self, path):
        return [*super().command(path), *self.options]

    def build(self, clock, random):
        return BinaryEngine(self, clock, random)


class BinaryEngine(MemcachedServerEngine):
    def __init__(self, spec, clock, random):
        ServerEngine.__init__(self, spec, clock, random)
        self._next_second = 0

    def exchange(self, stream):
        """Send a stream that keeps the connection; return all replies, up to that to a last noop."""
        self._tell_time()
        self.send(stream + NOOP)
        told = b""
        while True:
            head = self.process.input.read(HEAD.size)
            size, opaque = struct.unpack(">LL", head[8:16])
            told += head + (self.process.input.read(size) if size else b"")
            if opaque == LAST:
                return told

    def farewell(self, stream):
        """Send a stream that ends the connection; return everything until its end."""
        self._tell_time()
        self.send(stream + NOOP)
        return self.process.input.read()


def engine(clock):
    return Memcached(memory=4 * MIB).build(clock, float)


def receive(conversation, data):
    """Take everything, whatever the length of a turn."""
    told = conversation.receive(data)
    while conversation.pending:
        told += conversation.receive(b"")
    return told


def hangs_up(scratch, stream):
    """Whether a server hangs up; None if it waits for more bytes after a noop."""
    talk = MemcachedConversation(scratch)
    is_answered = receive(talk, stream + NOOP).endswith(ANSWER)
    return talk.over if talk.over or is_answered else None


def first_difference(start, seed):
    """Play a batch into two fresh servers; return the first difference, None if there is none."""
    clock, draw = ManualClock(), random.Random(seed)
    real, scratch = start(BinaryServer(memory=4 * MIB), at=clock), engine(clock)
    ours = MemcachedConversation(engine(clock))
    try:
        for _ in range(BATCH):
            clock.advance(draw.choice(PAUSES))
            stream = random_message(draw)
            if hangs_up(scratch, stream) is not False:
                continue
            told = receive(ours, stream + NOOP), real.exchange(stream)
            if told[0] != told[1]:
                return clock(), stream[:80], told[0][:200], told[1][:200]
        while not hangs_up(scratch, stream := random_message(draw)):
            pass
        told = receive(ours, stream + NOOP), real.farewell(stream)
        return None if told[0] == told[1] else ("the end", stream[:80], *told)
    finally:
        real.close()


def test_binary_replies_are_equal(start):
    """Every byte of every reply, and when the server hangs up, but for a handful that hang on chance."""
    batches = range(max(1, MESSAGES // BATCH))
    differ = [found for seed in batches if (found := first_difference(start, seed))]

    # memcached 1.6: items.c, lru_maintainer_bumps: a hit on an item in COLD is noted when the thread comes to it,
    # which decides whether a delayed flush spares the item;
    assert len(differ) <= max(2, len(batches) // 20), differ


ADA, WRONG = b"\0ada\0secret", b"\0ada\0wrong"
LOGINS = [
    (0x20, b"", b""),
    *[
        (0x21, b"PLAIN", told)
        for told in (ADA, ADA, WRONG, b"", b"junk", b"ada" + ADA, b"bob" + ADA)
    ],
    *[(0x22, b"PLAIN", told) for told in (ADA, ADA, WRONG)],
    (0x21, b"plain", ADA),
    (0x21, b"FOO", ADA),
    (0x21, b"x" * 33, ADA),
    (0x21, b"PLAIN", ADA + b"\0"),
    (0x21, b"PLAIN", b"x" * 600_000),
    (0x0B, b"", b""),
    (0x0A, b"", b""),
]


@pytest.fixture
def sasl(tmp_path, monkeypatch):
    """Make the passwords of both servers: a database for SASL's library, a file for ours."""
    needed("saslpasswd2")
    place, ours = tmp_path / "sasldb2", tmp_path / "passwords"
    conf = f"mech_list: plain\nlog_level: 0\nsasldb_path: {place}\n"
    (tmp_path / "memcached.conf").write_text(conf)
    command = ["saslpasswd2", "-p", "-c", "-a", "memcached", "-f", str(place)]
    command += ["-u", socket.gethostname(), "ada"]
    subprocess.run(command, input=b"secret\n", check=True)
    monkeypatch.setenv("SASL_CONF_PATH", str(tmp_path))
    ours.write_text("bob:other\nada:secret\n")
    return PasswordFiles(sasl=str(ours))


def test_logins_are_equal(start, sasl):
    """Each random sequence of attempts ends as with the real server, also what follows a success."""
    clock, draw = ManualClock(), random.Random(11)
    for _ in range(30):
        real = start(BinaryServer(options=("-S",)), at=clock)
        embedded = engine(clock)
        ours = MemcachedConversation(embedded, MemcachedClients(embedded, sasl))
        parts = [draw.choice(LOGINS) for _ in range(draw.randrange(1, 7))]
        stream = b"".join(message(code, key, value=told) for code, key, told in parts)
        told = receive(ours, stream + message(0x07)), real.farewell(stream + message(0x07))
        real.close()
        assert told[1] == told[0], parts
