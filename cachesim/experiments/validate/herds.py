"""Many misses at once: a hot key expires, absent keys are asked for, TTLs end together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import cachesim.theory as theory
from cachesim.experiments.scenario import Scenario
from cachesim.experiments.validate.oracle import Oracle
from cachesim.experiments.validate.worlds import ROOM, ZERO, of_one_key, requests
from cachesim.model.app import App
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.events import Steps
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.rng import uniform

N = 4_000  # requests of a run
CYCLES = "renewal argument: miss, load, TTL"
XFETCH = "Vattani, Chierichetti and Lowenstein, PVLDB 8(8), 2015"


def loading(strategy: LazyLoading, reads: float, load_time: float, asked: int = N) -> Scenario:
    """Return reads of one key whose load takes a constant time; connections are plenty."""
    slow = Database(
        connections=1_000, waiting=ROOM, buffer_hit_ratio=1.0, commit=ZERO,
        buffer_read=Constant(value=load_time),
    )  # fmt: skip
    return of_one_key(strategy, reads, 0.0, asked, database=slow)


def misses_begin(seed: int, reads: float, load_time: float, ttl: float, asked: int) -> np.ndarray:
    """Return when the misses of lazy loading began, in order."""
    ended = requests(loading(LazyLoading(ttl=ttl), reads, load_time, asked), seed)
    return np.sort(ended[ended["lookup"] != "hit"]["begin"].to_numpy())


def herd(seed: int, reads: float, load_time: float, ttl: float) -> float:
    """Return the loads an expiry causes; a pause longer than a load separates two herds."""
    begins = misses_begin(seed, reads, load_time, ttl, 4 * N)
    herds = 1 + (np.diff(begins) > load_time).sum()
    return float(len(begins) / herds)


def herd_misses(seed: int, reads: float, load_time: float, ttl: float) -> float:
    """Return the share of the reads that miss."""
    return float(len(misses_begin(seed, reads, load_time, ttl, 2 * N)) / (2 * N))


class OneLoad(LazyLoading):
    """Lazy loading in which only the first miss loads, and the others wait for it."""

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache; on a miss join the load under way, or begin one."""
        value = yield app.cache.get(key)
        if value is not None:
            return value
        if key in app.shared:
            return (yield app.shared[key])
        app.shared[key] = app.spawn(self.load(app, key))
        return (yield app.shared[key])

    def load(self, app: App, key: str) -> Steps:
        """Ask the database and fill."""
        value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        del app.shared[key]
        return value


def one_load(seed: int, end: str, reads: float, load_time: float, ttl: float) -> float:
    """Return the share of the reads that hit, wait for a load, or load ("miss")."""
    ended = requests(loading(OneLoad(ttl=ttl), reads, load_time), seed)
    took = (ended["end"] - ended["begin"]).to_numpy()
    hit, loads = (ended["lookup"] == "hit").to_numpy(), took > load_time * (1 - 1e-9)
    return float({"hit": hit, "miss": loads, "delayed": ~hit & ~loads}[end].mean())


def one_load_share(end: str, reads: float, load_time: float, ttl: float) -> float:
    """Return the same by theory."""
    return float(getattr(theory.single_flight(reads, load_time, ttl), end))


# --- XFetch


class Early(LazyLoading):
    """XFetch: a hit may load ahead of the expiry, the likelier the nearer."""

    load_time: float = 0.0  # seconds
    beta: float = 1.0
    chance: Any = None  # draws from [0, 1)

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache; load if it has nothing, or if the draw says so."""
        value = yield app.cache.get(key)
        lead = -self.load_time * self.beta * math.log1p(-self.chance())
        if value is None or app.now + lead >= app.shared.get(key, 0.0):
            value = yield app.db.read(key)
            yield app.cache.set(key, value, self.ttl)
            app.shared[key] = app.now + self.ttl
        return value


def early_loads(seed: int, reads: float, load_time: float, beta: float) -> float:
    """Return the loads an expiry costs under XFetch; the cold start's herd, the first, is left out.

    The TTL is so long that nothing is refreshed right after it began.
    """
    ttl = 8 * beta * load_time
    strategy = Early(ttl=ttl, load_time=load_time, beta=beta, chance=uniform(seed, "early"))
    ended = requests(loading(strategy, reads, load_time, 4 * N), seed)
    took = ended["end"] - ended["begin"]
    begins = np.sort(ended["begin"][took > load_time / 2].to_numpy())
    starts = np.flatnonzero(np.diff(begins) > load_time) + 1  # of every cycle but the first
    return float((starts[-1] - starts[0]) / (len(starts) - 1))


HERDS = (
    {"reads": 200.0, "load_time": 0.02, "ttl": 0.2},
    {"reads": 500.0, "load_time": 0.02, "ttl": 0.1},
    {"reads": 1_000.0, "load_time": 0.04, "ttl": 0.2},
)

ORACLES = (
    Oracle("herd", "loads an expiry", CYCLES, lambda reads, load_time, ttl:
           theory.herd(reads, load_time), herd, HERDS),
    Oracle("herd-misses", "share of reads", CYCLES, theory.herd_miss_ratio, herd_misses, HERDS),
    Oracle("single-flight", "share of reads", CYCLES, one_load_share, one_load,
           tuple({"end": end, "reads": 500.0, "load_time": 0.01, "ttl": 0.02}
                 for end in ("hit", "delayed", "miss"))),
    Oracle("early-refresh", "loads an expiry", XFETCH, lambda reads, load_time, beta:
           theory.early_refresh_loads(beta), early_loads,
           tuple({"reads": reads, "load_time": 0.1, "beta": beta}
                 for reads, beta in ((300.0, 0.75), (150.0, 1.0), (80.0, 2.0))), runs=20),
)  # fmt: skip
