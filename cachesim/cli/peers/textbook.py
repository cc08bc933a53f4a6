"""The twin: the same closed cache-aside model as a textbook would write it, to compare ours with.

`simpy.Resource` with request and release, cachetools for the LRU cache, `expovariate` for every time,
and the same SQLite rows. Nobody may slow it down: without SQLite it costs 22-25 bare SimPy events per
request (speed.py prints that figure).
"""

import itertools
import random
import sqlite3
from dataclasses import dataclass, field

import simpy
from cachetools import LRUCache

CLIENTS, KEYS, ITEMS, READS, SKEW = 50, 10_000, 1_000, 0.95, 0.99
THINK, CACHE_SERVICE, DB_SERVICE, CONNECTIONS, SIZE = 0.05, 10e-6, 2e-3, 8, 100


class Rows:
    """The database's rows in SQLite, one cursor in one transaction, as cachesim uses it."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.execute("BEGIN")
        self.connection.execute(
            "CREATE TABLE cache_rows (key TEXT PRIMARY KEY, version INTEGER NOT NULL,"
            " value BLOB NOT NULL) WITHOUT ROWID"
        )
        rows = ((f"key:{n}", b"." * SIZE) for n in range(KEYS))
        self.connection.executemany("INSERT INTO cache_rows VALUES (?, 0, ?)", rows)
        self.execute = self.connection.cursor().execute

    def read(self, key):
        return self.execute("SELECT value FROM cache_rows WHERE key = ?", (key,)).fetchone()[0]

    def write(self, key, value):
        self.execute(
            "UPDATE cache_rows SET value = ?, version = version + 1 WHERE key = ?", (value, key)
        )

    def __del__(self):
        self.connection.close()


class Dictionary:
    """The same two calls on a dict: what the model costs without SQL."""

    def __init__(self):
        self.values = {f"key:{n}": b"." * SIZE for n in range(KEYS)}

    def read(self, key):
        return self.values[key]

    def write(self, key, value):
        self.values[key] = value


@dataclass
class Twin:
    """One run of the textbook model."""

    rows: Rows | Dictionary
    seed: int = 1
    env: simpy.Environment = field(default_factory=simpy.Environment)
    records: list = field(default_factory=list)

    def __post_init__(self):
        self.rng = random.Random(self.seed)
        self.cache = LRUCache(ITEMS)
        self.node = simpy.Resource(self.env, capacity=1)
        self.pool = simpy.Resource(self.env, capacity=CONNECTIONS)
        self.keys = [f"key:{n}" for n in range(KEYS)]
        self.weights = list(itertools.accumulate(1 / rank**SKEW for rank in range(1, KEYS + 1)))

    def visit(self, resource, mean):
        with resource.request() as request:
            yield request
            yield self.env.timeout(self.rng.expovariate(1 / mean))

    def read(self, key):
        yield from self.visit(self.node, CACHE_SERVICE)
        value = self.cache.get(key)
        if value is None:
            yield from self.visit(self.pool, DB_SERVICE)
            value = self.rows.read(key)
            yield from self.visit(self.node, CACHE_SERVICE)
            self.cache[key] = value
        return value

    def write(self, key):
        yield from self.visit(self.pool, DB_SERVICE)
        self.rows.write(key, b"." * SIZE)
        yield from self.visit(self.node, CACHE_SERVICE)
        self.cache.pop(key, None)

    def request(self):
        key = self.rng.choices(self.keys, cum_weights=self.weights)[0]
        begin, is_read = self.env.now, self.rng.random() < READS
        yield from self.read(key) if is_read else self.write(key)
        self.records.append((key, is_read, begin, self.env.now))

    def client(self, requests):
        while len(self.records) < requests:
            yield self.env.timeout(self.rng.expovariate(1 / THINK))
            yield from self.request()

    def arrivals(self, requests, rate):
        for _ in range(requests):
            yield self.env.timeout(self.rng.expovariate(rate))
            self.env.process(self.request())

    def closed(self, requests):
        for _ in range(CLIENTS):
            self.env.process(self.client(requests))
        self.env.run()

    def open(self, requests, rate):
        self.env.process(self.arrivals(requests, rate))
        self.env.run()
