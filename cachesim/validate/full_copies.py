"""Oracles of a replica that was away: for how long the backlog reaches, and how long a copy of everything takes."""

from __future__ import annotations

from functools import cache
from itertools import repeat
from typing import Any

import cachesim.theory as theory
from cachesim.clock import ManualClock
from cachesim.engines.redis import rdb
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.replication import ReplicatedEngine
from cachesim.engines.redis.replication_log import stream_bytes
from cachesim.model.distributions import Constant
from cachesim.model.faults import FullCopy, KillNode
from cachesim.model.fleet import Replicated
from cachesim.model.fleet.replica import LazyReplica
from cachesim.model.popularity import Uniform
from cachesim.records import Value
from cachesim.rng import stream, uniform
from cachesim.scenario import Scenario
from cachesim.units import KIB
from cachesim.validate.fleets import REDIS, Through
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals, requests

BREAKS = 20  # of a run
KEY = "key"
KEYS, RATE = 100, 2000.0  # keys of the copy, reads per second
COPIES, EVERY, DOWN = 4, 1.0, 0.1  # copies of a run, seconds from one to the next, and before each


def reach(backlog: int, writes: float, value: int) -> float:
    """Give the longest break in seconds; a write is a SET in the stream."""
    return theory.longest_break(backlog, writes, stream_bytes(("SET", KEY, b"x" * value)))


def broken(seed: int, backlog: int, writes: float, value: int) -> float:
    """Measure for how long a link may be broken on average, until a partial resync is not enough."""
    clock, gap = ManualClock(), stream(seed, "writes").exponential
    primary, engine = (
        ReplicatedEngine(Redis(), clock, uniform(seed, name), backlog=backlog)
        for name in ("primary", "replica")
    )
    replica, total = LazyReplica(primary, engine, repeat(0.0)), 0.0
    for _ in range(BREAKS):
        began = clock()
        replica.cut(began)
        while primary.log.continues(replica.log.identity, replica.received):
            clock.advance(float(gap(1 / writes)))
            primary.set(KEY, b"x" * value)
        total += clock() - began
        replica.resync(clock())
    return total / BREAKS


def copied(**costs: Any) -> Scenario:
    """Return a run in which the replica dies again and again, and comes back empty; reads ask it."""
    moments = [EVERY * number + 0.5 for number in range(COPIES)]
    return arrivals(
        Through(), rate=RATE, requests=int(RATE * EVERY * COPIES), popularity=Uniform(keys=KEYS),
        cache=REDIS, start="warm", faults=tuple(KillNode("node-1", at=at, down=DOWN) for at in moments),
        fleet=Replicated(1, lag=Constant(value=0.0), copy=FullCopy(**costs)),
    )  # fmt: skip


@cache
def bytes_of_the_data() -> tuple[int, int]:
    """Give the bytes of the keys in memory, and in a copy."""
    workload = copied().workload
    engine = ReplicatedEngine(REDIS, ManualClock(), uniform(1, "copy"))
    for key in workload.keys_loaded():
        engine.set(key, Value.stamp(0, size=workload.size_of(key)))
    return engine.memory, rdb.size(engine)


def copy_time(fork: float, bandwidth: float, load: float) -> float:
    """Give the seconds of a full copy."""
    return theory.full_copy_time(*bytes_of_the_data(), fork, bandwidth, load)


def without(seed: int, fork: float, bandwidth: float, load: float) -> float:
    """Measure for how long the replica answers no read by itself, on average; reads come at random moments."""
    found = requests(copied(fork=fork, bandwidth=bandwidth, load=load), seed)
    since = (found["begin"] - 0.5) % EVERY
    missed = (found["lookup"] != "hit") | (found["hops"] > 0)
    back = found["begin"].gt(0.5) & since.ge(DOWN)
    return float((missed & back).sum() / RATE / COPIES)


ORACLES = (
    Oracle("longest-break", "seconds", "the backlog over the bytes written per second", reach, broken,
           tuple({"backlog": backlog, "writes": writes, "value": value} for backlog, writes, value in (
               (16 * KIB, 100.0, 20), (64 * KIB, 2000.0, 100), (128 * KIB, 500.0, 300)))),
    Oracle("full-copy", "seconds", "fork, transfer and load", copy_time, without,
           tuple({"fork": fork, "bandwidth": bandwidth, "load": load} for fork, bandwidth, load in (
               (10.0, 5e5, 5e5), (250.0, 1e6, 1e6), (10.0, 1e7, 3e5)))),
)  # fmt: skip
