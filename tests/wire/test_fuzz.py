"""Random and broken messages into the conversations of both servers: nothing crashes, hangs or fills the memory.

Several clients of one engine speak in turns, in pieces of any length, and time passes. More messages: FUZZ=1000000.
"""

import os
import resource
import sys
from random import Random

import pytest

from cachesim.clock import ManualClock
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.units import MIB
from cachesim.wire.clients import Clients
from cachesim.wire.memcached_clients import MemcachedClients
from cachesim.wire.memcached_conversation import MemcachedConversation
from tests.wire.fuzz import MAKERS, damaged

MESSAGES = int(os.environ.get("FUZZ", "100000"))
LIVE = 8  # clients at once
ROUND = 2000  # messages to one engine; then a new one
MOST_TURNS = 5000  # of one piece: more would be a client that is never done
PAUSES = [0.0] * 30 + [0.001, 0.1, 1.0, 61.0]  # seconds between two pieces
SHARES = {"redis": 0.5, "text": 0.25, "binary": 0.25}
GREETINGS = {
    "redis": (b"PING\r\n", b"+PONG\r\n"),
    "text": (b"mn\r\n", b"MN\r\n"),
    "binary": (b"\x80\x0a" + bytes(22), b"\x81\x0a" + bytes(22)),
}


class Side:
    """One engine with its clients."""

    def __init__(self, protocol, random):
        self.protocol, self.clock = protocol, ManualClock()
        self.told = 0  # bytes that clients got
        if protocol == "redis":
            engine = ReplicatedEngine(Redis(memory=4 * MIB), self.clock, random.random)
            self.all = Clients(engine)
        else:
            engine = Memcached(memory=4 * MIB).build(self.clock, random.random)
            self.all = MemcachedClients(engine)
        self.engine = engine
        self.names = [name.encode() for name in getattr(engine, "commands", {})]

    def join(self):
        if self.protocol == "redis":
            client = self.all.join("127.0.0.1:1", "127.0.0.1:2")
        else:
            client = MemcachedConversation(self.engine, self.all, peer="127.0.0.1:1")
            self.all.join(client)
        client.give = self.get
        return client

    def get(self, data):
        self.told += len(data)

    def leave(self, client):
        self.all.leave(client)

    def pass_time(self, seconds):
        self.clock.advance(seconds)
        self.engine.tick()
        if self.protocol == "redis":
            self.all.look_at_clock()


def play(protocol, seed):
    """Send one round of messages; at the end a new client is still served."""
    random = Random(f"{protocol} {seed}")
    side, make = Side(protocol, random), MAKERS[protocol]
    clients = [side.join() for _ in range(LIVE)]
    left = ROUND
    while left > 0:
        number = random.choice((1, 1, 5, 20))
        batch = [make(random, side.names) for _ in range(number)]
        if random.random() < 0.2:
            batch[-1] = damaged(batch[-1], random)  # what follows would often be lost
        stream = b"".join(batch)
        left -= number
        place = random.randrange(LIVE)
        pieces = [stream] if random.random() < 0.7 else cut(stream, random)
        for piece in pieces:
            side.told += hear(clients[place], piece)
        for at, client in enumerate(clients):
            if client.over or random.random() < (0.3 if is_silent(client) else 0.01):
                side.leave(client)
                clients[at] = side.join()
        side.pass_time(random.choice(PAUSES))
    for client in clients:
        side.leave(client)
    side.pass_time(61.0)  # a pause of one of them is over
    sent, told = GREETINGS[protocol]
    assert told == side.join().receive(sent)
    return side.told


def is_silent(client):
    """Whether a client waits or watches, so that it says nothing."""
    return any(getattr(client, name, None) for name in ("blocked", "watched"))


def cut(stream, random):
    """Cut a stream at some places."""
    places = sorted(random.randrange(len(stream) + 1) for _ in range(random.randrange(1, 6)))
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def hear(client, piece):
    """Let a client's piece be answered, turn by turn; return how many bytes it was told."""
    told = len(client.receive(piece))
    for _ in range(MOST_TURNS):
        if not client.pending or client.over or getattr(client, "blocked", None):
            return told
        told += len(client.receive(b""))
    pytest.fail(f"never done with {piece[:200]!r}")


def peak():
    """Return the most memory that this process had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@pytest.mark.parametrize("protocol", SHARES)
def test_nothing_crashes_or_hangs(protocol):
    """100,000 messages in all, one in thirty is damaged: each engine still answers a new client."""
    told, before = play(protocol, 0), peak()
    rounds = int(MESSAGES * SHARES[protocol]) // ROUND
    told += sum(play(protocol, seed) for seed in range(1, rounds))
    more = (peak() - before) / MIB
    print(f"{protocol}: {rounds * ROUND:,} messages, {told:,} bytes told, {more:.0f} MiB more")

    assert more < 200
