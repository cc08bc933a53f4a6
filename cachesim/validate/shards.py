"""Oracles of many nodes: keys that move, uneven rings, and the shard that has the hottest key."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np

import cachesim.theory as theory
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.distributions import Exponential
from cachesim.model.fleet import Shards
from cachesim.model.node import Node
from cachesim.model.popularity import Zipf
from cachesim.model.routes import Finder, Jump, Ketama, Modulo, Rendezvous, Route
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import key_name
from cachesim.rng import stream
from cachesim.units import MIB
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals

ROUTES = {"modulo": Modulo(), "ketama": Ketama(), "jump": Jump(), "rendezvous": Rendezvous()}
MOVING, RINGS, RING_KEYS = 3_000, 40, 2_000  # keys that may move; rings of a run, and keys on each
PLACEMENTS, PLACED = 20, 1_000  # of a run, and keys of each
SERVICE = 1e-3  # seconds per command, the mean
KARGER = "Karger et al., STOC 1997"


def names(seed: int, what: str, size: int) -> list[str]:
    """Draw names that no other seed has."""
    return [f"{what}-{number:x}" for number in stream(seed, what).integers(2**60, size=size)]


def placed(route: Route, nodes: list[str], keys: list[str]) -> np.ndarray:
    """Find the node of each key, shape (keys,)."""
    find = route.over(nodes)
    return np.array([find(key) for key in keys])


# --- keys that move


def moved(route: str, nodes: int) -> float:
    """Give the share of the keys that move when one node is added."""
    return theory.moved_keys(nodes, ring=route != "modulo")


def moves(seed: int, route: str, nodes: int) -> float:
    """Count the keys that another node has when there is one node more; nodes and keys are drawn."""
    hosts, keys = names(seed, "host", nodes + 1), names(seed, "key", MOVING)
    before, after = (placed(ROUTES[route], hosts[:count], keys) for count in (nodes, nodes + 1))
    return float((before != after).mean())


# --- uneven rings


def uneven(nodes: int, points: int) -> float:
    """Give the coefficient of variation of the shares: that of the ring, and that of the keys drawn on it."""
    ring = theory.ring_imbalance(nodes, points)[0]
    return math.sqrt(ring**2 * (1 - 1 / RING_KEYS) + (nodes - 1) / RING_KEYS)


def unevenness(seed: int, nodes: int, points: int) -> float:
    """Measure it on rings of drawn nodes: the root of the mean square."""
    hosts, keys = names(seed, "host", RINGS * nodes), names(seed, "key", RING_KEYS)
    squares = []
    for first in range(0, len(hosts), nodes):
        places = placed(Ketama(points=points), hosts[first : first + nodes], keys)
        shares = np.bincount(places, minlength=nodes) / RING_KEYS
        squares.append(((nodes * shares - 1) ** 2).mean())
    return math.sqrt(float(np.mean(squares)))


# --- the largest shard


def largest(shards: int, skew: float) -> float:
    """Give the mean share of the requests that the busiest shard gets."""
    return theory.hottest_shard(theory.zipf(PLACED, skew), shards)


def largest_of(seed: int, shards: int, skew: float) -> float:
    """Deal drawn keys to the slots, many times, and take the busiest shard's share each time."""
    find, p = Shards(shards).finder(), theory.zipf(PLACED, skew)
    keys = iter(names(seed, "key", PLACEMENTS * PLACED))
    return float(np.mean([shares_of(find, keys, p, shards).max() for _ in range(PLACEMENTS)]))


def shares_of(find: Finder, keys: Iterator[str], p: np.ndarray, shards: int) -> np.ndarray:
    """Sum the popularity of the keys of each shard, shape (shards,); takes as many keys as `p` has."""
    places = [find(key) for key in islice(keys, len(p))]
    return np.bincount(places, p, shards)


# --- the busiest node in a run


def busiest(shards: int, skew: float, rate: float) -> float:
    """Give the share of the time in which the busiest shard works: rate · service · its share."""
    p, keys = theory.zipf(PLACED, skew), map(key_name, range(PLACED))
    return rate * SERVICE * float(shares_of(Shards(shards).finder(), keys, p, shards).max())


def busy(seed: int, shards: int, skew: float, rate: float) -> float:
    """Measure the busy time of each node in a run, by its samples, and take the highest."""
    scenario = arrivals(
        LazyLoading(), rate=rate, requests=15_000, popularity=Zipf(keys=PLACED, skew=skew),
        cache=Redis(memory=8 * MIB), fleet=Shards(shards), warmup=1.0, start="warm",
        node=Node(service=Exponential(mean=SERVICE), per_byte=0, per_key=0),
    )  # fmt: skip
    nodes = run(scenario.replace(seed=seed)).nodes
    assert nodes is not None
    span = nodes["begin"].between(scenario.warmup, scenario.duration)
    each = nodes[span].groupby("node")["cache_busy"].agg(["first", "last"])
    return float((each["last"] - each["first"]).max() / (scenario.duration - scenario.warmup))


ORACLES = (
    Oracle("moved-keys", "share of keys", KARGER, moved, moves,
           tuple({"route": route, "nodes": nodes} for route, nodes in (
               ("modulo", 4), ("ketama", 4), ("jump", 4), ("rendezvous", 4), ("modulo", 9),
               ("ketama", 9), ("jump", 9))), runs=60),
    Oracle("ring-imbalance", "coefficient of variation", "gaps between random points (Dirichlet)",
           uneven, unevenness, tuple({"nodes": nodes, "points": points} for nodes, points in (
               (10, 160), (10, 40), (4, 160))), runs=16),
    Oracle("largest-shard", "share of requests", "the highest of normal draws, or the hottest key",
           largest, largest_of, tuple({"shards": 10, "skew": skew} for skew in (0.8, 0.99, 1.2)),
           runs=16),
    Oracle("busiest-shard", "share of the time", "the utilization law U = X S", busiest, busy,
           tuple({"shards": shards, "skew": 1.2, "rate": rate} for shards, rate in (
               (10, 2_000.0), (4, 1_500.0), (40, 2_500.0)))),
)  # fmt: skip
