"""Hit and stale ratios of a scenario by theory: from capacity, policy, strategy, TTL and writes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import cachesim.theory as theory
from cachesim.clock import ManualClock
from cachesim.engines.base import EngineSpec
from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.policies import FIFO, LFU, LRU, Random
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.policy import POLICIES
from cachesim.engines.simple import Simple
from cachesim.errors import CacheError
from cachesim.model.popularity import Popularity, Uniform, Zipf
from cachesim.model.strategies.lazy import LazyLoading, NoCache, WriteAround
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import Synthetic
from cachesim.records import Value
from cachesim.rng import uniform
from cachesim.scenario import Scenario
from cachesim.theory.copies import Freshness

Array = np.ndarray
EMBEDDED = (Simple, Redis, Memcached)
SIMPLE = {LRU: "lru", FIFO: "fifo", Random: "random", LFU: "lfu"}
NAMES = {
    "lru": "Che's approximation of LRU (2002)",
    "fifo": "characteristic time of FIFO (Martina et al. 2014)",
    "random": "characteristic time of RANDOM (Martina et al. 2014)",
    "lfu": "perfect LFU, an upper bound",
}


class Silent(Exception):
    """Theory says nothing; the text is the reason."""


class Cached(NamedTuple):
    """Hit and stale ratio of the reads, with the formula behind them."""

    hit: float
    stale: float | None  # None: there is no steady state
    formula: str
    assumes: tuple[str, ...]


def popularity(scenario: Scenario) -> Array:
    """Return the probability of every key; Silent if requests are not drawn independently."""
    workload = scenario.workload
    if not isinstance(workload, Synthetic):
        raise Silent(
            f"{type(workload).__name__}: its requests are not drawn, so there is no law to use"
        )
    law: Popularity = workload.popularity
    if type(law) is Uniform:
        return np.full(law.keys, 1 / law.keys)
    if type(law) is Zipf:
        return law.probabilities()
    raise Silent(
        f"{type(law).__name__}: its requests depend on each other; the formulas need independent ones"
    )


def policy_of(cache: EngineSpec, expires: bool) -> tuple[str, str]:
    """Return the policy whose formula applies, and how well it fits ("" if it is the engine's own policy)."""
    if type(cache) is Simple and cache.policy in SIMPLE:
        return SIMPLE[cache.policy], ""
    if type(cache) is Memcached:
        return "lru", "approximate: Memcached's segmented LRU taken for LRU"
    if type(cache) is not Redis:
        raise Silent(f"{cache!r} evicts by no policy that has a formula here")
    rule = POLICIES[cache.policy]
    if not rule.by:
        raise Silent("noeviction: keys that come when memory is full are refused")
    if rule.volatile and not expires:
        raise Silent(f"{cache.policy} evicts nothing when no key has a TTL")
    if rule.by == "ttl":
        return "fifo", "approximate: with one TTL for all, volatile-ttl is nearly FIFO"
    return rule.by, f"approximate: {cache.policy} samples {cache.samples} keys"


def capacity(scenario: Scenario) -> float:
    """Return the number of the workload's keys that the cache can hold; inf if all fit.

    It fills a new engine with the workload's keys until the engine evicts.
    """
    cache = scenario.cache
    if type(cache) not in EMBEDDED:  # a real server would have to be started
        raise Silent(f"{type(cache).__name__}: theory does not know how much it holds")
    if isinstance(cache, Simple):
        cache = cache.replace(policy=LRU)  # the policy does not change how many keys fit
    engine = cache.build(ManualClock(), uniform(scenario.seed, "capacity"))
    keys, size_of = scenario.workload.keys_loaded(), scenario.workload.size_of
    try:
        for number, key in enumerate(keys):
            try:
                engine.set(key, Value.stamp(0, size_of(key)))
            except CacheError:
                return float(len(engine))
            if engine.evictions > len(engine) or (engine.evictions and number == len(keys) - 1):
                return float(len(engine))
        return math.inf if not engine.evictions else float(len(engine))
    finally:
        engine.close()


def cached(scenario: Scenario, rate: float, room: Callable[[], float]) -> Cached:
    """Return hit and stale ratio at `rate` requests per second; Silent if there is no formula.

    `room` returns the number of keys that fit. It is called only if that matters, because it takes long.
    """
    strategy = scenario.strategy
    if type(strategy) is NoCache:
        raise Silent("no cache: nothing can hit")
    if type(strategy) not in (LazyLoading, WriteAround, WriteThrough):
        raise Silent(f"{type(strategy).__name__}: no formula for this strategy")
    p, workload = popularity(scenario), scenario.workload
    share: float = workload.reads  # type: ignore[attr-defined]
    reads, writes = rate * share * p, rate * (1 - share) * p
    if not share:
        raise Silent("no reads: nothing can hit")
    items = room()
    if items < 1:
        raise Silent("not one key fits into the cache")
    if items >= len(p):
        return _roomy(scenario, reads, writes)
    return _full(scenario, reads, writes, items)


def _weighted(reads: Array, ratios: Array) -> float:
    return float((reads * ratios).sum() / reads.sum())


def _roomy(scenario: Scenario, reads: Array, writes: Array) -> Cached:
    """Return the ratios if all keys fit: only the TTL or a write ends a copy."""
    strategy: Any = scenario.strategy
    steady = _steady(scenario, strategy.ttl)
    if type(strategy) is WriteThrough and not strategy.fill:
        if strategy.ttl == math.inf:
            raise Silent("write-through without fill or TTL: keys are added as long as it runs")
        hit = -np.expm1(-writes * strategy.ttl)
        return Cached(_weighted(reads, hit), 0.0, "written less than a TTL ago", steady)
    endless = strategy.ttl == math.inf
    if endless and not (type(strategy) is LazyLoading and strategy.invalidate):
        return _filling(scenario, reads, writes)
    found = _strategy(strategy)(reads, writes, strategy.ttl, math.inf)
    stale = _weighted(reads, found.stale)
    return Cached(_weighted(reads, found.hit), stale, "renewals of each key (TTL)", steady)


def _filling(scenario: Scenario, reads: Array, writes: Array) -> Cached:
    """Return the ratios if nothing ends a copy: a key hits from its first use on."""
    through = type(scenario.strategy) is WriteThrough
    if scenario.start == "warm":
        return Cached(1.0, 0.0 if through else None, "every key is there from the start", ())
    used = reads + writes if through else reads
    span = scenario.duration - scenario.warmup
    unseen = np.exp(-used * scenario.warmup) * -np.expm1(-used * span) / (used * span)
    formula = "cold start: every key that was asked for is there"
    return Cached(_weighted(reads, 1 - unseen), 0.0 if through else None, formula, ())


def _full(scenario: Scenario, reads: Array, writes: Array, items: float) -> Cached:
    """Return the ratios if memory is scarce: eviction ends copies too."""
    strategy: Any = scenario.strategy
    policy, near = policy_of(scenario.cache, strategy.ttl != math.inf)
    through = type(strategy) is WriteThrough
    if through and not strategy.fill:
        raise Silent("write-through without fill in a full cache has no closed form")
    if through and policy != "lru" and strategy.ttl != math.inf:
        raise Silent(
            f"write-through with a TTL in a cache full under {policy.upper()} has no closed form"
        )
    assumes = (f"{items:,.0f} keys fit", "a fill takes no time", near)
    steady = _steady(scenario, strategy.ttl)
    if policy == "lfu":
        found, formula = _top(strategy, reads, writes, items), NAMES["lfu"]
    else:
        found, time = _characteristic(strategy, reads, writes, items, policy)
        steady = steady or _steady(scenario, time)
        formula = NAMES[policy] + (" with a TTL" if strategy.ttl != math.inf else "")
    endless = strategy.ttl == math.inf and not through and not getattr(strategy, "invalidate", 0)
    stale = None if endless and writes.any() else _weighted(reads, found.stale)
    assumed = tuple(a for a in (*assumes, *steady) if a)
    return Cached(_weighted(reads, found.hit), stale, formula, assumed)


def _characteristic(
    strategy: Any, reads: Array, writes: Array, items: float, policy: str
) -> tuple[Freshness, float]:
    """Return the ratios of every key, and the characteristic time in seconds."""
    deletes = writes if getattr(strategy, "invalidate", False) else None
    through = type(strategy) is WriteThrough
    used, fifo = reads + writes if through else reads, policy != "lru"
    time = theory.characteristic_time(used, items, fifo=fifo, deletes=deletes)
    if through and fifo:
        return Freshness(used * time / (1 + used * time), 0 * used), time
    if through:
        return theory.write_through_freshness(reads, writes, strategy.ttl, time), time
    return _strategy(strategy)(reads, writes, strategy.ttl, time, policy), time


def _top(strategy: Any, reads: Array, writes: Array, items: float) -> Freshness:
    """Return the ratios if the most used keys always stay and the others never hit."""
    if type(strategy) is WriteThrough and strategy.ttl == math.inf:
        found = Freshness(1 + 0 * reads, 0 * reads)
    else:
        found = _strategy(strategy)(reads, writes, strategy.ttl, math.inf)
    held = np.arange(len(reads)) < items  # keys are sorted by popularity
    return Freshness(np.where(held, found.hit, 0.0), np.where(held, found.stale, 0.0))


def _strategy(strategy: Any) -> Callable[..., Freshness]:
    if type(strategy) is WriteThrough:
        return theory.write_through_freshness
    return (
        theory.invalidate_freshness if getattr(strategy, "invalidate", 0) else theory.lazy_freshness
    )


def _steady(scenario: Scenario, time: float) -> tuple[str, ...]:
    """Return a warning if the warm-up is too short for the steady state."""
    if scenario.start == "warm" or time == math.inf or time <= scenario.warmup:
        return ()
    return (f"steady state, for which a warm-up of {scenario.warmup:g} s is short ({time:.3g} s)",)
