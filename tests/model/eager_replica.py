"""The twin of a lazy replica: one event for each entry that arrives, and one when it is executed."""

import heapq
from itertools import count
from random import Random

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.errors import CommandError, OutOfMemory
from cachesim.model.fleet.replica import LazyReplica
from cachesim.model.station import Station
from cachesim.rng import stream, uniform
from cachesim.units import MIB
from tests.engines.redis.random_commands import random_command

WORK = 1e-4  # seconds: to execute an entry, and to serve a read


def node(clock, name, *, backlog=MIB, **fields):
    """Return a node with its own random numbers."""
    return ReplicatedEngine(Redis(**fields), clock, uniform(1, name), backlog=backlog)


def lags(name, mean=0.05):
    """Return draws of the lag, without end."""
    draw = stream(7, f"lag {name}").exponential
    return (float(draw(mean)) for _ in count())


class Eager:
    """A replica with events."""

    def __init__(self, primary, engine, lag):
        self.log, self.engine, self.lag, self.station = primary.log, engine, lag, Station(1)
        self.engine.follow(primary)
        self.last = self.time = 0.0
        self.sent = len(primary.log)

    def send(self, events, order):
        """Plan the arrival of what the primary has written."""
        for entry in self.log.held[self.sent - self.log.first :]:
            if entry[0] != self.time:
                self.time, self.draw = entry[0], next(self.lag)
            self.last = max(self.last, entry[0] + self.draw)
            heapq.heappush(events, (self.last, next(order), self, entry, False))
        self.sent = len(self.log)

    def happen(self, at, entry, is_done, events, order):
        """Let one event happen: an entry arrives, or its work is done."""
        if is_done:
            self.engine.apply(entry, at)
        else:
            end = self.station.depart(at, WORK)
            heapq.heappush(events, (end, next(order), self, entry, True))


class Play:
    """A primary, three lazy replicas and their twins; random commands come to all of them."""

    def __init__(self, seed, **fields):
        self.clock, self.random = ManualClock(), Random(seed)
        self.primary = node(self.clock, "primary", **fields)
        self.stations = [Station(1) for _ in range(3)]
        self.lazy = [
            LazyReplica(
                self.primary,
                node(self.clock, f"replica {n}", **fields),
                lags(n),
                depart=self.stations[n].depart,
                seconds=lambda entry: WORK,
            )
            for n in range(3)
        ]
        self.eager = [
            Eager(self.primary, node(self.clock, f"replica {n}", **fields), lags(n))
            for n in range(3)
        ]
        self.events, self.order = [], count()
        self.answers, self.different = [], []

    def command(self, to_read):
        """Draw a command that reads, or one that does not."""
        while True:
            command = random_command(self.random)
            row = self.primary.commands[command[0].upper()]
            if ("readonly" in row.flags or row.name == "OBJECT") == to_read:
                return command

    def step(self):
        """Let time pass; then write to the primary, or read from a replica and from its twin."""
        random = self.random
        self.clock.advance(random.expovariate(200))
        self.primary.upkeep(self.clock())
        self.happen()
        if random.random() < 0.6:
            self.read(random.randrange(3), self.command(to_read=True))
            return
        answer(self.primary, self.command(to_read=False))
        if random.random() < 0.1:
            answer(self.primary, ("SET", f"f{random.randrange(60)}", "x" * 4000, "PX", 700))

    def happen(self):
        """Let every event happen that is due."""
        for twin in self.eager:
            twin.send(self.events, self.order)
        while self.events and self.events[0][0] <= self.clock():
            at, _, twin, entry, is_done = heapq.heappop(self.events)
            twin.happen(at, entry, is_done, self.events, self.order)

    def read(self, which, command):
        """Send one read to a lazy replica and to its twin, and compare."""
        now, lazy, eager = self.clock(), self.lazy[which], self.eager[which]
        lazy.catch_up(now)
        got, wanted = answer(lazy.engine, command), answer(eager.engine, command)
        self.answers.append(got)
        if got != wanted:
            self.different.append((now, which, command, got, wanted))
        for station in (self.stations[which], eager.station):
            station.depart(now, WORK)


def answer(engine, command):
    """Return the reply, or the text of the error."""
    try:
        return engine.execute(command)
    except (CommandError, OutOfMemory) as error:
        return str(error)
