"""Anomalies of neighbours: clients of one cache share its one thread, its memory and its distance."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cachesim.anomalies.anomaly import Anomaly
from cachesim.anomalies.effects import mean_read, mean_read_within, misses_of
from cachesim.anomalies.worlds import world
from cachesim.engines.policies import LRU
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.measure.checks import none_evicted, short_reads
from cachesim.model.app import App
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.faults import ExhaustCredits, SnapshotCache
from cachesim.model.fleet import Replicated
from cachesim.model.node import Node
from cachesim.model.popularity import Array, Popularity, Uniform
from cachesim.model.strategies import LazyLoading, WriteThrough
from cachesim.model.strategies.base import Load
from cachesim.model.workload import ClosedLoop, OpenLoop, key_name
from cachesim.records import Value
from cachesim.scenario import Scenario
from cachesim.spec import Count, Rate
from cachesim.theory import cross_zone_cost, cross_zone_share, head_of_line_wait, lost_sessions
from cachesim.units import GIB, MIB, MS, US


class Listing(LazyLoading):
    """Lazy loading whose writes list all keys, which nobody should do."""

    step: Count | None = None  # keys that one SCAN looks at; None: KEYS, which looks at all

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, then list the keys."""
        yield app.db.write(key, value)
        if self.step is None:
            yield app.cache.execute("KEYS", "*")
            return
        cursor: Any = "0"
        while True:
            cursor, _ = yield app.cache.execute("SCAN", cursor, "COUNT", self.step)
            if cursor == b"0":
                return


def head_of_line() -> Anomaly:
    """Return A12: a slow command runs on the one thread, and every command behind it waits."""
    keys, reads, lists, service, per_key = 500, 1000.0, 20.0, 1e-5, 4e-6
    node = Node(service=Constant(value=service), per_byte=0, per_key=per_key)
    workload = OpenLoop(
        rate=reads + lists, reads=reads / (reads + lists), popularity=Uniform(keys=keys)
    )
    base = world(keys=keys, reads=1.0, duration=42, warmup=2, node=node, start="warm")
    base = base.replace(workload=workload, cache=Redis(memory=8 * MIB))
    wait = head_of_line_wait(reads, service, lists, service + per_key * keys)
    return Anomaly(
        id="A12",
        name="head-of-line blocking",
        story="a client lists all keys; the one thread is busy for 2 ms; every get that comes meanwhile waits",
        shows=base.replace(strategy=Listing()),
        cure=base.replace(strategy=Listing(step=50)),
        cured_by="SCAN, 50 keys at a time",
        effect=mean_read,
        unit="s, the mean of a read",
        formula="service + leg + F18: (λs² + bB²) / (2(1 - ρ)), B: keys · time per key",
        predicted=service + US + wait,
        cured_to=2.5 * service,
        check=partial(short_reads, limit=50 * service),
    )


class TwoGroups(Popularity):
    """Two groups of keys: the first `few` keys have one rate, all others another."""

    few: Count = 1
    few_rate: Rate = 1.0  # of each of the first `few` keys; only its ratio to the other counts
    other_rate: Rate = 1.0  # of each other key

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return independent key numbers."""
        mine, theirs = self.few * self.few_rate, (self.keys - self.few) * self.other_rate
        is_few = rng.random(size) < mine / (mine + theirs)
        others = rng.integers(self.few, self.keys, size=size)
        return np.where(is_few, rng.integers(self.few, size=size), others)


def evicted_sessions() -> Anomaly:
    """Return A13: sessions share the memory with bulk data, and LRU logs users out."""
    sessions, items, capacity = 500, 20_000, 4000
    visit, look = 0.2, 0.05  # reads per second of one session and of one item
    groups = TwoGroups(keys=sessions + items, few=sessions, few_rate=visit, other_rate=look)
    rate = sessions * visit + items * look
    base = world(reads=1.0, duration=45, warmup=15, strategy=LazyLoading())
    base = base.replace(cache=Simple(items=capacity, policy=LRU))
    both = np.array([(sessions, visit, 1), (items, look, 1)])
    alone = OpenLoop(rate=sessions * visit, reads=1.0, popularity=Uniform(keys=sessions))
    return Anomaly(
        id="A13",
        name="session eviction",
        story="bulk data fills the cache; LRU evicts a session between two visits; its user is logged out",
        shows=base.replace(workload=OpenLoop(rate=rate, reads=1.0, popularity=groups)),
        cure=base.replace(workload=alone, warmup=35, duration=65),
        cured_by="a separate cache for sessions",
        effect=misses_of([key_name(number, 12) for number in range(sessions)]),
        unit="of the visits",
        formula="F23: e^(-visits · t_C), t_C from Σ (1 - e^(-rate · t_C)) = items (Che)",
        predicted=lost_sessions(both, capacity, visit),
        cured_to=0.002,
        check=none_evicted,
    )


class PageOfParts(LazyLoading):
    """A page made of `parts` values, which it gets one after the other."""

    parts: Count = 10

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask the cache once per part."""
        for _ in range(self.parts):
            value = yield app.cache.get(key)
        return value


def cross_zone() -> Anomaly:
    """Return A26: the primary is in one zone, and most of the application is in others."""
    near, far, parts, zones = 0.2 * MS, 0.8 * MS, 10, 3
    base = world(keys=10, reads=10.0, duration=22, warmup=2, start="warm")
    base = base.replace(strategy=PageOfParts(parts=parts), cache=Redis(memory=8 * MIB))
    base = base.replace(network__in_zone=Exponential(mean=near))
    base = base.replace(network__cross_zone=Exponential(mean=far))
    fleet = Replicated(zones - 1, zones=zones, processes=zones)
    leave = cross_zone_share(zones, 0.0, near_reads=False)
    return Anomaly(
        id="A26",
        name="cross-zone cache",
        story="the application runs in three zones, the primary in one; a page makes ten round trips, most of them far",
        shows=base.replace(fleet=fleet),
        cure=base.replace(fleet=fleet.replace(reads="nearest")),
        cured_by="reads from the nearest copy",
        effect=mean_read,
        unit="s per page",
        formula="F28, P9: trips · (near + (z - 1)/z · (far - near)) in z zones, beside trips · near",
        predicted=parts * near + cross_zone_cost(parts * leave, near, far),
        cured_to=1.05 * parts * near,
        check=partial(short_reads, limit=parts * (near + far) / 2),
    )


def snapshot_fork() -> Anomaly:
    """Return A17: the server forks to save a snapshot, and stops while the page tables are copied.

    A megabyte stands for a gigabyte: the node has 13 MB, and a fork takes 10 ms per MB.
    """
    keys, size, pause_per_byte = 100, 130_000, 1e-8
    reads, writes, service = 1600.0, 400.0, 1e-5
    pause = pause_per_byte * keys * size  # seconds
    moments = [5.0 + 2 * n for n in range(5)]
    base = world(keys=keys, reads=reads / keys, writes=writes / keys, duration=16, warmup=2)
    base = base.replace(workload__size=Constant(value=size), start="warm", strategy=WriteThrough())
    node = Node(service=Constant(value=service), per_byte=0, per_key=0, fork=pause_per_byte * GIB)
    base = base.replace(cache=Redis(memory=32 * MIB), fleet=Replicated(1), node=node)

    def snapshots(of: str) -> Scenario:
        return base.replace(faults=tuple(SnapshotCache(at=at, node=of) for at in moments))

    return Anomaly(
        id="A17",
        name="snapshot fork",
        story="in the peak of writes the primary forks to save a snapshot; for 10 ms per GB its thread stands still",
        shows=snapshots(of="node-0"),
        cure=snapshots(of="node-1"),
        cured_by="snapshots from a replica",
        effect=mean_read_within([(moment, moment + pause) for moment in moments]),
        unit="s, the mean of a read that comes meanwhile",
        formula="pause / 2 · (1 + rate · service), pause = 10 ms/GB · 13 GB",
        predicted=pause / 2 * (1 + (reads + writes) * service),
        cured_to=20 * service,
        check=partial(short_reads, limit=0.01),
    )


def out_of_credits() -> Anomaly:
    """Return A34: a burstable node has used up its CPU credits and falls to its baseline."""
    service, clients = 1e-4, 10
    crowd = ClosedLoop(
        clients=clients,
        think=Constant(value=US),
        reads=1.0,
        popularity=Uniform(keys=100),
    )
    base = world(reads=1.0, duration=8, warmup=2, start="warm")
    base = base.replace(node=Node(service=Exponential(mean=service), per_byte=0, per_key=0))
    base = base.replace(strategy=LazyLoading(), workload=crowd)
    return Anomaly(
        id="A34",
        name="CPU credits gone",
        story="load above the baseline empties the balance of credits; from then on a command takes 5 times as long",
        shows=base.replace(faults=(ExhaustCredits(node_type="cache.t3.micro"),)),
        cure=base,
        cured_by="a node that does not burst",
        effect=mean_read,
        unit="s, the mean of a read",
        formula="clients · service / (vCPU · baseline) - think time: 2 vCPU, 10 % each",
        predicted=clients * service / (2 * 0.1) - US,
        cured_to=1.2 * clients * service,
        check=partial(short_reads, limit=2 * clients * service),
    )
