"""Oracles of nodes that die: what a failover loses, what a cold node costs, what a spare node saves."""

from __future__ import annotations

import numpy as np

import cachesim.theory as theory
from cachesim.anomalies import effects
from cachesim.anomalies.failovers import OnlyCopy
from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.distributions import Constant
from cachesim.model.faults import Eject, KillNode
from cachesim.model.fleet import Pool, Replicated
from cachesim.model.popularity import Uniform, Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import key_name
from cachesim.scenario import Scenario
from cachesim.units import MIB
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals, lag_of, requests

REDIS = Redis(memory=64 * MIB)  # the keys all fit
FACEBOOK = "Nishtala et al., NSDI 2013"

# --- writes lost at a failover

WRITES, CRASHES, EVERY = (
    200.0,
    100,
    0.35,
)  # writes per second; crashes of a run, seconds between two


def lost(law: str, lag: float, replicas: int) -> float:
    """Give the acknowledged writes that the best replica lacks at some moment."""
    return theory.in_flight(WRITES, lag_of(law, lag).quantile, replicas)


def losses(seed: int, law: str, lag: float, replicas: int) -> float:
    """Kill the primary again and again, and count the lost writes per failover."""
    moment = Constant(value=0.01)
    fleet = Replicated(replicas, lag=lag_of(law, lag), detect=moment, promote=moment, dns_ttl=0.0)
    moments = [EVERY * (number + 1) for number in range(CRASHES)]
    scenario = arrivals(
        OnlyCopy(), rate=WRITES, requests=round(WRITES * EVERY * (CRASHES + 1)), reads=0.0,
        popularity=Uniform(keys=1000), cache=REDIS, fleet=fleet,
        faults=tuple(KillNode("primary", at=at, down=0.03) for at in moments),
    )  # fmt: skip
    gone = run(scenario.replace(seed=seed)).lost_writes
    assert gone is not None
    return len(gone) / CRASHES


# --- a node that comes back cold

RATE, KEYS, NODES = 2_000.0, 1_000, 4
DIES, BACK = 0.5, 0.5  # seconds: when node 1 dies, and when it is there again
WINDOW = 0.1  # seconds over which a hit ratio is measured


def on_it(skew: float) -> np.ndarray:
    """Give the popularity of the keys of node 1."""
    find, p = Pool(NODES).finder(), theory.zipf(KEYS, skew)
    return p[[find(key_name(number)) == 1 for number in range(KEYS)]]


def hit_ratio(skew: float, since: float) -> float:
    """Give the hit ratio from `since` on, the mean over a window."""
    moments = since + WINDOW * (np.arange(10) + 0.5) / 10
    p = on_it(skew)
    return float(np.mean([theory.cold_node_hit_ratio(1.0, p, RATE, at) for at in moments]))


def coming_back(skew: float, measured: float, until: float) -> Scenario:
    """Return a warm pool whose node 1 dies and comes back; it is measured from `measured` seconds after that on."""
    back = DIES + BACK
    return arrivals(
        LazyLoading(), rate=RATE, requests=round(RATE * (until - measured)), cache=REDIS,
        popularity=Zipf(keys=KEYS, skew=skew), fleet=Pool(NODES), start="warm",
        warmup=back + measured, faults=(KillNode("node-1", at=DIES, down=BACK),),
    )  # fmt: skip


def hits(seed: int, skew: float, since: float) -> float:
    """Measure the hit ratio from `since` seconds after the node came back."""
    found = requests(coming_back(skew, since, since + WINDOW), seed)
    return float((found["lookup"] == "hit").mean())


def reads(seed: int, skew: float, until: float) -> float:
    """Count the reads that the database gets until so many seconds after the node came back."""
    found = requests(coming_back(skew, 0.0, until), seed)
    return float((found["lookup"] != "hit").sum())


# --- a node that is gone

BUSY, SPAN, TTL = 300, 20.0, 10.0  # keys; seconds that are measured before and after; of a value


def load_factor(hit_ratio: float, nodes: int) -> float:
    """Give the database's load after the loss of node 1 over that before; the node has its own share of the keys."""
    find = Pool(nodes).finder()
    there = sum(find(key_name(number)) == 1 for number in range(BUSY))
    return theory.node_loss_load(hit_ratio, BUSY / there)


def load_after(seed: int, hit_ratio: float, nodes: int) -> float:
    """Kill a node that is asked for ever, and measure the same."""
    per_key = hit_ratio / (1 - hit_ratio) / TTL  # reads per second: they hit with this ratio
    scenario = arrivals(
        LazyLoading(ttl=TTL), rate=BUSY * per_key, requests=round(BUSY * per_key * 2 * SPAN),
        popularity=Uniform(keys=BUSY), cache=REDIS, fleet=Pool(nodes), start="warm",
        warmup=2 * TTL, sample_every=SPAN / 2, faults=(KillNode("node-1", at=2 * TTL + SPAN),),
    )  # fmt: skip
    return effects.load_factor(2 * TTL + SPAN, SPAN)(run(scenario.replace(seed=seed)).measured)


# --- the gutter

SPARE_RATE, SPARE_KEYS = 400.0, 400


def in_the_gutter(skew: float, ttl: float) -> float:
    """Give the hit ratio of the reads of the dead node's keys."""
    find, p = Pool(NODES).finder(), theory.zipf(SPARE_KEYS, skew)
    of_dead = [find(key_name(number)) == 1 for number in range(SPARE_KEYS)]
    return theory.gutter_hit_ratio(p[of_dead], SPARE_RATE, ttl)


def gutter_hits(seed: int, skew: float, ttl: float) -> float:
    """Kill a node, let the gutter stand in for it, and measure the hit ratio of its keys."""
    fleet = Pool(NODES, eject=Eject(failures=1, dead=1e6), gutter=1, gutter_ttl=ttl)
    scenario = arrivals(
        LazyLoading(), rate=SPARE_RATE, requests=5_000, popularity=Zipf(keys=SPARE_KEYS, skew=skew),
        cache=REDIS, fleet=fleet, warmup=1.0 + 5 * ttl, start="warm",
        faults=(KillNode("node-1", at=0.5),),
    )  # fmt: skip
    found = requests(scenario, seed)
    there = found[found["node"] == "gutter-0"]
    return float((there["lookup"] == "hit").mean())


ORACLES = (
    Oracle("failover-loss", "writes per failover", "M/G/inf, in order", lost, losses,
           tuple({"law": law, "lag": 0.04, "replicas": replicas}
                 for law, replicas in (("constant", 1), ("exponential", 1), ("exponential", 2))), runs=16),
    Oracle("cold-node-hit-ratio", "share of reads", "a key misses until its first read", hit_ratio,
           hits, tuple({"skew": skew, "since": since}
                       for skew, since in ((0.8, 0.0), (0.8, 1.0), (1.2, 0.2)))),
    Oracle("cold-node-reads", "reads of the database", "a key misses until its first read",
           lambda skew, until: theory.cold_node_reads(on_it(skew), RATE, until), reads,
           tuple({"skew": skew, "until": until}
                 for skew, until in ((0.8, 1.0), (0.8, 4.0), (1.2, 2.0))), runs=20),
    Oracle("node-loss", "times the load before", "renewals, TTL; even shares",
           load_factor, load_after, tuple({"hit_ratio": ratio, "nodes": nodes}
                                          for ratio, nodes in ((0.8, 10), (0.9, 4), (0.95, 4)))),
    Oracle("gutter-hit-ratio", "share of reads", FACEBOOK, in_the_gutter, gutter_hits,
           tuple({"skew": skew, "ttl": ttl} for skew, ttl in ((0.8, 1.0), (0.8, 4.0), (1.2, 2.0)))),
)  # fmt: skip
