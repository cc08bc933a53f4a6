"""Some clients of one Redis engine, by hand: no sockets, and a clock that only tests turn."""

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.rng import uniform
from cachesim.wire.clients import Clients


class Wire:
    """Some clients of one engine, without sockets; `late` has what each was given unasked."""

    def __init__(self, clients=3):
        self.clock = ManualClock()
        self.engine = ReplicatedEngine(Redis(), self.clock, uniform(1, "wire"))
        self.clients = Clients(self.engine)
        self.all = [self.clients.join(f"c:{number}") for number in range(clients)]
        self.late = [b""] * clients
        for number, client in enumerate(self.all):
            client.give = lambda data, number=number: self.hear(number, data)

    def hear(self, number, data):
        self.late[number] += data

    def say(self, number, line):
        return self.all[number].receive(line.encode() + b"\r\n")

    def pass_time(self, seconds):
        self.clock.advance(seconds)
        self.clients.look_at_clock()

    def log(self):
        """Give the commands that the replicas get."""
        return [" ".join(map(as_text, entry.command)) for entry in self.engine.log.entries]


def as_text(part):
    return part.decode() if isinstance(part, bytes) else str(part)
