"""Oracles of many nodes: keys that move, uneven rings, and the shard that has the hottest key."""

from __future__ import annotations

import math

import numpy as np

import cachesim.theory as theory
from cachesim.anomalies.shards import copies_of
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.app import App
from cachesim.model.distributions import Exponential
from cachesim.model.events import Steps
from cachesim.model.faults import AddNode
from cachesim.model.fleet import Pool, Shards
from cachesim.model.node import Node
from cachesim.model.popularity import Popularity, Zipf
from cachesim.model.routes import Jump, Ketama, Modulo, Rendezvous
from cachesim.model.strategies.base import Load
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import ClosedLoop, key_name
from cachesim.scenario import Scenario
from cachesim.spec import Count, Share
from cachesim.units import MIB
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import (
    INSTANT,
    ZERO,
    Elsewhere,
    Renamed,
    arrivals,
    requests,
    tour,
)

ROUTES = {"modulo": Modulo(), "ketama": Ketama(), "jump": Jump(), "rendezvous": Rendezvous()}
POOLED = Redis(memory=64 * MIB)  # of each node of a pool: the keys all fit
MOVING, RING_KEYS = 1_000, 5_000  # keys that may move; keys on a ring
PLACEMENTS, PLACED = 20, 500  # of a run, and keys of each
KEYS, CROWD = 1_000, 400  # keys of a run, and users who leave no shard idle
SERVICE = 1e-3  # seconds per command, the mean
KARGER = "Karger et al., STOC 1997"
WORKER = Node(service=Exponential(mean=SERVICE), per_byte=0, per_key=0)


# --- keys that move


def moved(route: str, nodes: int) -> float:
    """Give the share of the keys that move when one node is added."""
    return theory.moved_keys(nodes, ring=route != "modulo")


def moves(seed: int, route: str, nodes: int) -> float:
    """Add a node to a warm pool, and measure the share of the keys that are not where they are sought."""
    pool = Pool(nodes, route=Elsewhere(inner=ROUTES[route], names=seed))
    scenario = tour(MOVING, seed, cache=POOLED, fleet=pool, faults=(AddNode(at=0.5),))
    return float((requests(scenario, seed)["lookup"] != "hit").mean())


# --- uneven rings


def uneven(nodes: int, points: int) -> float:
    """Give the coefficient of variation of the shares: that of the ring, and that of the keys drawn on it."""
    ring = theory.ring_imbalance(nodes, points)[0]
    return math.sqrt(ring**2 * (1 - 1 / RING_KEYS) + (nodes - 1) / RING_KEYS)


def unevenness(seed: int, nodes: int, points: int) -> float:
    """Measure it by the keys that each node of a warm pool has."""
    pool = Pool(nodes, route=Elsewhere(inner=Ketama(points=points), names=seed))
    found = run(tour(RING_KEYS, seed, cache=POOLED, fleet=pool).replace(duration=1.0, seed=seed))
    assert found.nodes is not None
    return float((nodes * found.nodes["items"][:nodes] / RING_KEYS).std(ddof=0))


# --- the largest shard


def largest(shards: int, skew: float) -> float:
    """Give the mean share of the requests that the busiest shard gets."""
    return theory.hottest_shard(theory.zipf(PLACED, skew), shards)


def largest_of(seed: int, shards: int, skew: float) -> float:
    """Read drawn keys once each, see which shard answers, and weigh them by their popularity, many times."""
    world = tour(PLACEMENTS * PLACED, seed, cache=POOLED, fleet=Shards(shards))
    answered = requests(world, seed)["node"].astype("category").cat.codes
    p = theory.zipf(PLACED, skew)
    places = answered.to_numpy().reshape(PLACEMENTS, PLACED)
    return float(np.mean([np.bincount(of, p, shards).max() for of in places]))


# --- the busiest node in a run


def shares_of(shards: int, skew: float) -> np.ndarray:
    """Sum the popularity of the keys of each shard, shape (shards,)."""
    find = Shards(shards).finder()
    places = [find(key_name(number)) for number in range(KEYS)]
    return np.bincount(places, theory.zipf(KEYS, skew), shards)


def busiest(shards: int, skew: float, rate: float) -> float:
    """Give the share of the time in which the busiest shard works: rate · service · its share."""
    return rate * SERVICE * float(shares_of(shards, skew).max())


def busy(seed: int, shards: int, skew: float, rate: float) -> float:
    """Measure the busy time of each node in a run, by its samples, and take the highest."""
    scenario = arrivals(
        LazyLoading(), rate=rate, requests=15_000, popularity=Zipf(keys=KEYS, skew=skew),
        cache=POOLED, fleet=Shards(shards), warmup=1.0, start="warm", node=WORKER,
    )  # fmt: skip
    nodes = run(scenario.replace(seed=seed)).nodes
    assert nodes is not None
    span = nodes["begin"].between(scenario.warmup, scenario.duration)
    each = nodes[span].groupby("node")["cache_busy"].agg(["first", "last"])
    return float((each["last"] - each["first"]).max() / (scenario.duration - scenario.warmup))


# --- the most that a cluster can do


def capacity(shards: int, skew: float) -> float:
    """Give the requests per second at which the busiest shard is full."""
    return theory.cluster_throughput(1 / SERVICE, shares_of(shards, skew))


def served(seed: int, shards: int, skew: float) -> float:
    """Measure the requests per second of so many users that the busiest shard never rests."""
    users = ClosedLoop(clients=CROWD, think=ZERO, reads=1.0, popularity=Zipf(keys=KEYS, skew=skew))
    world = {**INSTANT, "node": WORKER, "cache": POOLED, "start": "warm"}
    scenario = Scenario(
        strategy=LazyLoading(), workload=users, fleet=Shards(shards), warmup=1.0, duration=5.0,
        sample_every=1e9, **world,
    )  # fmt: skip
    ends = run(scenario.replace(seed=seed)).history["end"]
    return float(ends.between(1.0, 5.0).sum() / 4.0)


# --- copies of the hottest key


class Copied(LazyLoading):
    """Lazy loading; of the most popular key there are `copies`, one per shard."""

    copies: Count = 1
    shards: Count = 10
    hottest: str = ""

    def read(self, app: App, key: str, load: Load | None = None) -> Steps:
        """Ask for a key, or for a random copy of the hottest one."""
        if key == self.hottest:
            names = copies_of(key, self.shards)
            key = names[int(app.random() * self.copies)]
        return (yield app.cache.get(key))


class OneHot(Popularity):
    """A share `top` of the requests is for the first key; the others are equally popular."""

    top: Share = 0.1

    def pick(self, rng: np.random.Generator, size: int, first: int) -> np.ndarray:
        """Draw independent key numbers."""
        return np.where(rng.random(size) < self.top, 0, rng.integers(1, self.keys, size))


def with_copies(shards: int, top: float, copies: int) -> float:
    """Give the share of the requests of a shard with a copy: its part of the hottest key, and of the rest."""
    return top / copies + (1 - top) / shards


def share_of_copies(seed: int, shards: int, top: float, copies: int) -> float:
    """Measure the share of the requests that a shard with a copy gets, the mean of all that have one."""
    workload = Renamed(rate=1e4, reads=1.0, popularity=OneHot(keys=KEYS, top=top), names=seed)
    strategy = Copied(copies=copies, shards=shards, hottest=workload.keys_loaded()[0])
    world = {**INSTANT, "cache": POOLED, "sample_every": 1e9, "warmup": 0, "duration": 0.5}
    scenario = Scenario(strategy=strategy, workload=workload, fleet=Shards(shards), **world)
    found = requests(scenario, seed)["node"].value_counts(normalize=True)
    return float(found[[f"shard-{shard} node-0" for shard in range(copies)]].mean())


ORACLES = (
    Oracle("moved-keys", "share of keys", KARGER, moved, moves,
           tuple({"route": route, "nodes": nodes} for route, nodes in (
               ("modulo", 4), ("ketama", 4), ("jump", 4), ("rendezvous", 4), ("modulo", 9),
               ("ketama", 9), ("jump", 9))), runs=60),
    Oracle("ring-imbalance", "coefficient of variation", "gaps between random points (Dirichlet)",
           uneven, unevenness, tuple({"nodes": 100, "points": points} for points in (40, 160, 20)),
           runs=32),
    Oracle("largest-shard", "share of requests", "the highest of normal draws, or the hottest key",
           largest, largest_of, tuple({"shards": 10, "skew": skew} for skew in (0.8, 0.99, 1.2)),
           runs=16),
    Oracle("busiest-shard", "share of the time", "the utilization law U = X S", busiest, busy,
           tuple({"shards": shards, "skew": 1.2, "rate": rate} for shards, rate in (
               (10, 2_000.0), (4, 1_500.0), (40, 2_500.0)))),
    Oracle("cluster-capacity", "requests per second", "the busiest shard is full first", capacity,
           served, tuple({"shards": shards, "skew": 1.2} for shards in (4, 10, 40))),
    Oracle("hot-key-copies", "share of requests", "even shares of a key's copies", with_copies,
           share_of_copies, tuple({"shards": shards, "top": top, "copies": copies}
                                  for shards, top, copies in (
               (10, 0.08, 4), (10, 0.08, 1), (10, 0.3, 2), (4, 0.3, 3))), runs=16),
)  # fmt: skip
