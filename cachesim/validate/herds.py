"""Oracles of many misses at once: a hot key expires, absent keys are requested, TTLs end together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import cachesim.theory as theory
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.popularity import Uniform, Zipf
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.strategies.refresh import XFetch
from cachesim.model.strategies.wrap import Jitter, NegativeCaching, SingleFlight
from cachesim.model.workload import OpenLoop, TimedRequest
from cachesim.scenario import Scenario
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import ROOM, ZERO, arrivals, of_one_key, requests

N = 4_000  # requests per run
CYCLES = "renewal argument: miss, load, TTL"
XFETCH = "Vattani, Chierichetti and Lowenstein, PVLDB 8(8), 2015"


def loading(strategy: Strategy, reads: float, load_time: float, asked: int = N) -> Scenario:
    """Return reads of one key; a load takes a constant time, and there are enough connections."""
    slow = Database(
        connections=1_000, waiting=ROOM, buffer_hit_ratio=1.0, commit=ZERO,
        buffer_read=Constant(value=load_time),
    )  # fmt: skip
    return of_one_key(strategy, reads, 0.0, asked, database=slow)


def misses_begin(seed: int, reads: float, load_time: float, ttl: float, asked: int) -> np.ndarray:
    """Return the moments in which misses of lazy loading began, in order."""
    ended = requests(loading(LazyLoading(ttl=ttl), reads, load_time, asked), seed)
    return np.sort(ended[ended["lookup"] != "hit"]["begin"].to_numpy())


def herd(seed: int, reads: float, load_time: float, ttl: float) -> float:
    """Return the number of loads per expiry; a pause longer than a load separates two herds."""
    begins = misses_begin(seed, reads, load_time, ttl, 4 * N)
    herds = 1 + (np.diff(begins) > load_time).sum()
    return float(len(begins) / herds)


def herd_misses(seed: int, reads: float, load_time: float, ttl: float) -> float:
    """Return the share of the reads that miss."""
    return float(len(misses_begin(seed, reads, load_time, ttl, 2 * N)) / (2 * N))


def one_load(seed: int, end: str, reads: float, load_time: float, ttl: float) -> float:
    """Return the share of the reads that hit, wait for a load, or load ("miss")."""
    ended = requests(loading(SingleFlight(inner=LazyLoading(ttl=ttl)), reads, load_time), seed)
    took = (ended["end"] - ended["begin"]).to_numpy()
    hit, loads = (ended["lookup"] == "hit").to_numpy(), took > load_time * (1 - 1e-9)
    return float({"hit": hit, "miss": loads, "delayed": ~hit & ~loads}[end].mean())


def one_load_share(end: str, reads: float, load_time: float, ttl: float) -> float:
    """Return the prediction for `one_load`."""
    return float(getattr(theory.single_flight(reads, load_time, ttl), end))


def early_loads(seed: int, reads: float, load_time: float, beta: float) -> float:
    """Return the number of loads per expiry under XFetch, without the herd of the cold start.

    The TTL is so long that no copy is refreshed soon after its fill.
    """
    ttl = 8 * beta * load_time
    strategy = XFetch(ttl=ttl, beta=beta)
    ended = requests(loading(strategy, reads, load_time, 4 * N), seed)
    took = ended["end"] - ended["begin"]
    begins = np.sort(ended["begin"][took > load_time / 2].to_numpy())
    starts = np.flatnonzero(np.diff(begins) > load_time) + 1  # of all cycles but the first
    return float((starts[-1] - starts[0]) / (len(starts) - 1))


# --- TTLs that end together, and absent keys


def expiries(seed: int, keys: int, ttl: float, jitter: float) -> float:
    """Return the expiries per second, in the last half of the time over which they are spread.

    Those of the first half come late, because a key is loaded, and its expiry noticed, at a request for it.
    """
    strategy = Jitter(inner=LazyLoading(ttl=ttl), share=jitter)
    rate, end = 10.0 * keys, ttl * (1 + jitter)  # a key is soon requested, compared with its TTL
    popularity = Uniform(keys=keys)
    scenario = arrivals(strategy, rate=rate, requests=round(rate * end), popularity=popularity)
    ended = requests(scenario, seed)
    begins = ended["begin"][ended["lookup"] == "expired"]
    within = begins.between(ttl, end).sum()
    return float(within / (ttl * jitter))


class Absent(OpenLoop):
    """Requests for keys that no row has."""

    def requests(self, seed: int) -> Iterator[TimedRequest]:
        """Yield the requests, each with a name that no row has."""
        return ((gap, op, f"no {key}") for gap, op, key in super().requests(seed))


def absent_queries(seed: int, reads: float, keys: int, ttl: float) -> float:
    """Return the queries per second for keys that no row has."""
    workload = Absent(rate=reads, reads=1.0, popularity=Zipf(keys=keys, skew=1.0))
    strategy = NegativeCaching(inner=LazyLoading(), negative_ttl=ttl)
    scenario = arrivals(strategy, rate=reads, requests=N, warmup=5 * ttl)
    ended = requests(scenario.replace(workload=workload), seed)
    return float((ended["lookup"] != "hit").sum() / (scenario.duration - scenario.warmup))


def negative(reads: float, keys: int, ttl: float) -> float:
    """Return the prediction for `absent_queries`."""
    return theory.negative_misses(reads * theory.zipf(keys, 1.0), ttl)


HERDS = (
    {"reads": 200.0, "load_time": 0.02, "ttl": 0.2},
    {"reads": 500.0, "load_time": 0.02, "ttl": 0.1},
    {"reads": 1_000.0, "load_time": 0.04, "ttl": 0.2},
)

ORACLES = (
    Oracle("herd", "loads per expiry", CYCLES, lambda reads, load_time, ttl:
           theory.herd(reads, load_time), herd, HERDS),
    Oracle("herd-misses", "share of reads", CYCLES, theory.herd_miss_ratio, herd_misses, HERDS, runs=16),
    Oracle("single-flight", "share of reads", CYCLES, one_load_share, one_load,
           tuple({"end": end, "reads": 500.0, "load_time": 0.01, "ttl": 0.02}
                 for end in ("hit", "delayed", "miss"))),
    Oracle("early-refresh", "loads per expiry", XFETCH, lambda reads, load_time, beta:
           theory.early_refresh_loads(beta), early_loads,
           tuple({"reads": reads, "load_time": 0.1, "beta": beta}
                 for reads, beta in ((300.0, 0.75), (150.0, 1.0), (80.0, 2.0))), runs=32),
    Oracle("jittered-expiries", "expiries per second", "uniform TTLs", theory.jittered_expiries,
           expiries, tuple({"keys": 200, "ttl": 5.0, "jitter": jitter} for jitter in (0.2, 0.3, 0.4)),
           runs=48),
    Oracle("negative-caching", "queries per second", CYCLES, negative, absent_queries,
           ({"reads": 100.0, "keys": 1, "ttl": 0.1}, {"reads": 500.0, "keys": 20, "ttl": 0.05},
            {"reads": 500.0, "keys": 100, "ttl": 0.2})),
)  # fmt: skip
