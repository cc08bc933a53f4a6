"""One of each, as a user writes them outside the package: by the public API alone."""

from collections import deque

import click

import cachesim as cs
from cachesim.engines.redis.command import RedisCommand, table
from cachesim.traces.chunks import READ, batched


class Oldest(cs.EvictionPolicy):
    """A policy: first in, first out."""

    def __init__(self):
        self.keys = {}

    def on_add(self, entry):
        self.keys[entry.key] = None

    def on_remove(self, entry):
        del self.keys[entry.key]

    def victim(self):
        return next(iter(self.keys))


class Measured(cs.Strategy):
    """A strategy: lazy loading that asks the cache how long a value is."""

    ttl: float = 5.0  # seconds

    def read(self, app, key):
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.cache.set(key, value, ttl=self.ttl)
        return value

    def write(self, app, key, value):
        yield app.db.write(key, value)
        yield app.cache.delete(key)


class Doubled(Measured):
    """The same, with a command of one's own in each read."""

    def read(self, app, key):
        twice = yield app.cache.execute("DOUBLED", key)
        value = yield from super().read(app, key)
        assert twice in (0, 1000), twice  # values have 500 bytes
        return value


def doubled(db, key):
    """DOUBLED key: twice the bytes of a value."""
    entry = db.read(key)
    return 0 if entry is None else 2 * len(entry.value)


class DoublingRedis(cs.Redis):
    """An engine with one command more."""

    commands = cs.Redis.commands | table(RedisCommand("DOUBLED", "key", "readonly", doubled))


class Forget(cs.faults.Fault):
    """A fault: the cache forgets everything at one moment."""

    def play(self, system):
        yield system.until(self.at)
        system.cache.engine.flush()


def lost_ratio(history):
    """A metric: the share of the reads whose key had been lost."""
    return float((history["lookup"] == "lost").sum() / (history["op"] == "read").sum())


def _rows(source):
    yield from ((line.strip()[::-1], READ, None, None, None) for line in source.lines())


def read_backwards(source):
    """Read a format: a key per line, its letters backwards."""
    return batched(_rows(source))


BACKWARDS = cs.traces.Format("a key per line, backwards", "key", b"cba\n", "me", read_backwards)


@click.command()
def hello():
    """Say hello: a command."""
    click.echo("hello from outside")


def keys(count):
    """Return the text of a trace in that format: keys that come again, as from a deque."""
    ring, lines = deque(f"key{n}" for n in range(20)), []
    for number in range(count):
        ring.rotate(number % 7)
        lines.append(ring[0][::-1])
    return "\n".join(lines) + "\n"
