"""A primary with a replica, for the tests of replication."""

from cachesim.clock import ManualClock
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.rng import uniform
from tests.engines.redis.questions import shown


def pair(**fields):
    """Return a clock, a primary and a replica of it."""
    clock = ManualClock()
    primary = ReplicatedEngine(Redis(**fields), clock, uniform(1, "primary"))
    return clock, primary, primary.copy(clock, uniform(1, "replica"))


def commands(primary, since=0):
    """Return the commands of the log as one line each."""
    parts = (entry.command for entry in primary.log.entries[since:])
    return [" ".join(p.decode() if isinstance(p, bytes) else str(p) for p in c) for c in parts]


def replay(primary, replica):
    """Let the replica execute what it has not got."""
    for entry in primary.log.after(replica.applied):
        replica.apply(entry, max(entry.time, replica.clock()))


def content(engine):
    """Return every key with its value and TTL, by database; dead keys too."""
    return {
        (index, entry.key): (shown(entry.value), entry.when)
        for index, database in engine.databases.items()
        for entry in database.table.entries.values()
    }
