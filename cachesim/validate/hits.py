"""Oracles of whole caches: hit ratios with independent requests, where nothing takes time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import cachesim.theory as theory
from cachesim.anomalies.neighbours import TwoGroups
from cachesim.engines.policies import FIFO, LRU, Random
from cachesim.engines.simple import Simple
from cachesim.measure.history import since
from cachesim.measure.metrics import hit_ratio, stale_ratio
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.scenario import Scenario
from cachesim.theory.copies import Freshness
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import arrivals, history, requests

RATE = 1_000.0  # requests per second
N = 3_000  # measured requests per run
CHE = "Che, Tung and Wang, IEEE JSAC 20 (2002)"
FRICKER = "Martina, Garetto and Leonardi, INFOCOM 2014"
KING, GELENBE = "King, IFIP 1971", "Gelenbe, IEEE Trans. Computers 22 (1973)"
LIVES = f"{CHE}, with renewals: cachesim.theory.copies"
POLICIES = {"lru": LRU, "fifo": FIFO, "random": Random}


def cached(
    strategy: Strategy, keys: int, items: int, skew: float, policy: str = "lru", **fields: Any
) -> Scenario:
    """Return Zipf requests to a cache of `items` keys; it starts warm and turns over before it is measured."""
    cache = Simple(items=items, policy=POLICIES[policy])
    popularity = Zipf(keys=keys, skew=skew)
    warmup = fields.pop("warmup", min(20 * items, 12_000) / RATE)
    return arrivals(
        strategy, rate=RATE, requests=N, popularity=popularity, cache=cache, warmup=warmup,
        start="warm", **fields,
    )  # fmt: skip


def policy_hits(seed: int, policy: str, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio of a policy under lazy loading."""
    return hit_ratio(history(cached(LazyLoading(), keys, items, skew, policy), seed))


def che(policy: str, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio by the characteristic time."""
    ratio = theory.lru_hit_ratio if policy == "lru" else theory.fifo_hit_ratio
    return ratio(theory.zipf(keys, skew), items)


def exact(policy: str, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio by the sum over all states of a small cache."""
    ratio = theory.exact_lru_hit_ratio if policy == "lru" else theory.exact_fifo_hit_ratio
    return ratio(theory.zipf(keys, skew), items)


def most_popular(keys: int, items: int, skew: float) -> float:
    """Return the share of requests for the most popular keys."""
    return theory.lfu_hit_ratio(theory.zipf(keys, skew), items)


def held_for_ever(seed: int, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio of a cache that starts with the most popular keys and is never filled."""
    return hit_ratio(history(cached(WriteThrough(fill=False), keys, items, skew), seed))


def deletes(seed: int, reads: float, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio of LRU when writes delete."""
    scenario = cached(LazyLoading(invalidate=True), keys, items, skew, reads=reads)
    return hit_ratio(history(scenario, seed))


def lru_with_deletes(reads: float, keys: int, items: int, skew: float) -> float:
    """Return the hit ratio by the characteristic time when writes delete."""
    p = theory.zipf(keys, skew)
    return theory.lru_with_deletes_hit_ratio(reads * p, (1 - reads) * p, items)


# --- LRU, a TTL and writes together

SMALL: dict[str, Any] = {"keys": 1_000, "items": 100, "skew": 0.8}  # the cache and its keys
TOGETHER: dict[str, tuple[Callable[..., Freshness], Callable[[float], Strategy]]] = {
    "lazy": (theory.lazy_freshness, lambda ttl: LazyLoading(ttl=ttl)),
    "invalidate": (theory.invalidate_freshness, lambda ttl: LazyLoading(ttl=ttl, invalidate=True)),
    "write-through": (theory.write_through_freshness, lambda ttl: WriteThrough(ttl=ttl)),
}


def freshness(strategy: str, reads: float, ttl: float) -> Freshness:
    """Return hit and stale ratio of every key; a use of an expired key counts as a use too."""
    p = RATE * theory.zipf(SMALL["keys"], SMALL["skew"])
    read, written = reads * p, (1 - reads) * p
    deleted = written if strategy == "invalidate" else None
    used = p if strategy == "write-through" else read
    eviction = theory.characteristic_time(used, SMALL["items"], deletes=deleted)
    return TOGETHER[strategy][0](read, written, ttl, eviction)


def together(strategy: str, reads: float, ttl: float) -> float:
    """Return the hit ratio when eviction, TTL and writes end copies."""
    return popular(freshness(strategy, reads, ttl).hit)


def together_stale(strategy: str, reads: float, ttl: float) -> float:
    """Return the stale ratio when eviction, TTL and writes end copies."""
    return popular(freshness(strategy, reads, ttl).stale)


def popular(ratios: np.ndarray) -> float:
    """Return the mean over the reads: popular keys weigh more."""
    return float((theory.zipf(SMALL["keys"], SMALL["skew"]) * ratios).sum())


def world(strategy: str, reads: float, ttl: float) -> Scenario:
    """Return the scenario of one strategy on the small cache, after a long warm-up."""
    spec = TOGETHER[strategy][1](ttl)
    return cached(spec, **SMALL, reads=reads, warmup=max(2.0, 2 * ttl))


def together_hits(seed: int, strategy: str, reads: float, ttl: float) -> float:
    """Return the hit ratio of one strategy."""
    return hit_ratio(history(world(strategy, reads, ttl), seed))


def together_stale_reads(seed: int, strategy: str, reads: float, ttl: float) -> float:
    """Return the share of stale reads of one strategy."""
    return stale_ratio(history(world(strategy, reads, ttl), seed))


# --- sessions beside bulk data

SESSIONS, VISITS, ITEMS, LOOKS = 100, 4.0, 1_000, 0.5  # keys and reads per second of each


def logged_out(seed: int, memory: int) -> float:
    """Return the share of the visits that find no session, because LRU evicted it for bulk data."""
    groups = TwoGroups(keys=SESSIONS + ITEMS, few=SESSIONS, few_rate=VISITS, other_rate=LOOKS)
    scenario = arrivals(
        LazyLoading(), rate=SESSIONS * VISITS + ITEMS * LOOKS, requests=2 * N, popularity=groups,
        cache=Simple(items=memory), warmup=4.0,
    )  # fmt: skip
    asked = requests(scenario, seed)
    visits = asked[asked["key"].isin(scenario.workload.keys_loaded()[:SESSIONS])]
    return float((visits["lookup"] != "hit").mean())


def lost_sessions(memory: int) -> float:
    """Return the prediction for `logged_out`; every entry counts as one, as in the cache."""
    groups = np.array([(SESSIONS, VISITS, 1), (ITEMS, LOOKS, 1)])
    return theory.lost_sessions(groups, memory, VISITS)


# --- requests


def cold(t: float, keys: int) -> float:
    """Return the hit ratio t seconds after a cold start of an unlimited cache."""
    return theory.cold_hit_ratio(theory.zipf(keys, 0.99), RATE, t)


def cold_hits(seed: int, t: float, keys: int) -> float:
    """Return the hit ratio from 0.9 t to 1.1 t after a cold start."""
    scenario = arrivals(LazyLoading(), rate=RATE, requests=round(1.1 * t * RATE),
                        popularity=Zipf(keys=keys, skew=0.99), cache=Simple(memory=2**30))  # fmt: skip
    return hit_ratio(since(history(scenario, seed), 0.9 * t))


def top_share(keys: int, skew: float) -> float:
    """Return the share of the requests for the hottest key: the shard that holds it gets at least this much."""
    return float(theory.zipf(keys, skew)[0])


def top_requests(seed: int, keys: int, skew: float) -> float:
    """Return the share of the requests for the hottest key."""
    scenario = arrivals(NoCache(), rate=RATE, requests=4 * N, popularity=Zipf(keys=keys, skew=skew))
    asked = requests(scenario, seed)["key"]
    return float((asked == scenario.workload.keys_loaded()[0]).mean())


CACHES = (
    {"keys": 1_000, "items": 100, "skew": 0.8}, {"keys": 10_000, "items": 1_000, "skew": 0.99},
    {"keys": 10_000, "items": 100, "skew": 1.2},
)  # fmt: skip
TINY = (
    {"keys": 8, "items": 4, "skew": 1.0}, {"keys": 8, "items": 2, "skew": 0.5},
    {"keys": 10, "items": 3, "skew": 1.5},
)  # fmt: skip
MIXED = tuple(
    {"strategy": name, "reads": 0.8, "ttl": ttl} for name in TOGETHER for ttl in (0.1, 0.5)
)
LAZY = tuple({"strategy": "lazy", "reads": reads, "ttl": ttl}
             for reads, ttl in ((0.7, 0.5), (0.5, 0.5), (0.5, 0.3)))  # fmt: skip


def of(policy: str, points: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Return the points with this policy."""
    return tuple({"policy": policy, **point} for point in points)


ORACLES = (
    Oracle("che-lru", "share", CHE, che, policy_hits, of("lru", CACHES), runs=16),
    Oracle("che-fifo", "share", FRICKER, che, policy_hits, of("fifo", CACHES), runs=16),
    Oracle("che-random", "share", FRICKER, che, policy_hits, of("random", CACHES), runs=16),
    Oracle("exact-lru", "share", KING, exact, policy_hits, of("lru", TINY)),
    Oracle("exact-fifo", "share", GELENBE, exact, policy_hits, of("fifo", TINY)),
    Oracle("exact-random", "share", GELENBE, exact, policy_hits, of("random", TINY)),
    Oracle("most-popular-held", "share", "the bound of LFU", most_popular, held_for_ever, CACHES),
    Oracle("lru-with-deletes", "share", CHE, lru_with_deletes, deletes,
           tuple({"reads": reads, **SMALL} for reads in (0.95, 0.8, 0.5)), runs=20),
    Oracle("lru-with-ttl-and-writes", "share", LIVES, together, together_hits, MIXED, runs=16),
    Oracle("lru-with-ttl-stale-reads", "share of reads", LIVES, together_stale, together_stale_reads,
           LAZY, runs=40),
    Oracle("lost-sessions", "share of visits", CHE, lost_sessions, logged_out,
           tuple({"memory": memory} for memory in (200, 250, 300)), runs=16),
    Oracle("cold-start", "share", "independent requests, no limit", cold, cold_hits,
           tuple({"t": t, "keys": 2_000} for t in (2.0, 3.0, 6.0))),
    Oracle("top-key-share", "share of requests", "Zipf's law", top_share, top_requests,
           ({"keys": 1_000, "skew": 0.99}, {"keys": 10_000, "skew": 0.99}, {"keys": 10_000, "skew": 1.2})),
)  # fmt: skip
