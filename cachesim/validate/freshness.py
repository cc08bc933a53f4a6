"""Oracles of one key: hits and staleness with Poisson reads and writes, where nothing takes time."""

import math

import cachesim.theory as theory
from cachesim.measure.metrics import hit_ratio, select, stale_ratio, versions_behind_mean
from cachesim.model.app import App
from cachesim.model.events import Steps
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.records import Value
from cachesim.spec import Seconds
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import history, of_one_key

N = 2_000  # requests per run
RENEWAL = "renewal argument (Jung, Berger and Balakrishnan, INFOCOM 2003)"
AGE = "at a hit, the age of the copy is uniform on (0, TTL)"
BAILIS = f"{AGE}; k-staleness and t-visibility after Bailis et al., PVLDB 5(8), 2012"


class Sliding(Strategy):
    """Lazy loading in which every hit restarts the TTL."""

    ttl: Seconds = math.inf

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache, then the database if it missed; set the key in both cases."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
        yield app.cache.set(key, value, self.ttl)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit, and leave the cached copy as it is."""
        yield app.db.write(key, value)


def lazy_hits(seed: int, reads: float, ttl: float) -> float:
    """Return the hit ratio of lazy loading, whose TTL counts from the fill."""
    return hit_ratio(history(of_one_key(LazyLoading(ttl=ttl), reads, 0.0, N), seed))


def sliding_hits(seed: int, reads: float, ttl: float) -> float:
    """Return the hit ratio of a sliding TTL."""
    return hit_ratio(history(of_one_key(Sliding(ttl=ttl), reads, 0.0, N), seed))


def invalidate_hits(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the hit ratio when a write deletes the copy."""
    strategy = LazyLoading(ttl=ttl, invalidate=True)
    return hit_ratio(history(of_one_key(strategy, reads, writes, N), seed))


def through_hits(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the hit ratio when both a write and a miss set the copy."""
    return hit_ratio(history(of_one_key(WriteThrough(ttl=ttl), reads, writes, N), seed))


def stale_reads(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the share of stale reads of lazy loading."""
    return stale_ratio(history(of_one_key(LazyLoading(ttl=ttl), reads, writes, 4 * N), seed))


def sliding_stale_reads(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the share of stale reads of a sliding TTL."""
    return stale_ratio(history(of_one_key(Sliding(ttl=ttl), reads, writes, 4 * N), seed))


def stale_hits(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the share of the hits of lazy loading that are stale."""
    ended = history(of_one_key(LazyLoading(ttl=ttl), reads, writes, 4 * N), seed)
    return stale_ratio(ended[ended["lookup"] == "hit"])


def behind(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the number of versions that a hit of lazy loading lags behind, on average."""
    ended = history(of_one_key(LazyLoading(ttl=ttl), reads, writes, 4 * N), seed)
    return versions_behind_mean(ended[ended["lookup"] == "hit"])


def outdated_for(seed: int, reads: float, writes: float, ttl: float) -> float:
    """Return the seconds for which the copy of a hit has been outdated, on average; 0 for a fresh hit."""
    ended = history(of_one_key(LazyLoading(ttl=ttl), reads, writes, 6 * N), seed)
    hits = select(ended, "read").query("lookup == 'hit'")
    return float(hits["age"].fillna(0.0).mean())


NEVER_STALE: dict[str, Strategy] = {
    "no cache": NoCache(),
    "invalidate": LazyLoading(invalidate=True),
    "write-through": WriteThrough(),
}


def never(strategy: str) -> float:
    """Return 0: if nothing takes time, no read comes between a commit and the change of the copy."""
    return 0.0


def never_stale(seed: int, strategy: str) -> float:
    """Return the share of stale reads of a strategy; it has none if nothing takes time."""
    return stale_ratio(history(of_one_key(NEVER_STALE[strategy], 600.0, 400.0, N), seed))


READ = ({"reads": 500.0, "ttl": 0.001}, {"reads": 500.0, "ttl": 0.004}, {"reads": 50.0, "ttl": 0.2})
SLID = (
    {"reads": 500.0, "ttl": 0.001},
    {"reads": 500.0, "ttl": 0.002},
    {"reads": 50.0, "ttl": 0.06},
)
BOTH = (
    {"reads": 900.0, "writes": 100.0, "ttl": 0.005},
    {"reads": 500.0, "writes": 500.0, "ttl": 0.004},
    {"reads": 40.0, "writes": 10.0, "ttl": 0.1},
)
ENDLESS = {"reads": 800.0, "writes": 200.0, "ttl": math.inf}
SHORT = (
    {"reads": 900.0, "writes": 100.0, "ttl": 0.004},
    {"reads": 700.0, "writes": 300.0, "ttl": 0.002},
    {"reads": 30.0, "writes": 20.0, "ttl": 0.05},
)

ORACLES = (
    Oracle("ttl-hit-ratio", "share", RENEWAL, theory.ttl_hit_ratio, lazy_hits, READ),
    Oracle("sliding-ttl-hit-ratio", "share", "gaps are exponential", theory.sliding_ttl_hit_ratio,
           sliding_hits, SLID),
    Oracle("invalidate-hit-ratio", "share", RENEWAL, theory.invalidate_hit_ratio, invalidate_hits,
           (*BOTH[:2], ENDLESS)),
    Oracle("write-through-hit-ratio", "share", RENEWAL, theory.write_through_hit_ratio, through_hits,
           SHORT),
    Oracle("stale-reads", "share of reads", RENEWAL, theory.lazy_stale_ratio, stale_reads, BOTH, runs=16),
    Oracle("stale-hits", "share of hits", AGE, lambda reads, writes, ttl:
           theory.stale_hit_ratio(writes, ttl), stale_hits, BOTH, runs=24),
    Oracle("sliding-stale-reads", "share of reads", RENEWAL, theory.sliding_stale_ratio,
           sliding_stale_reads, SHORT, runs=16),
    Oracle("versions-behind", "versions per hit", BAILIS, lambda reads, writes, ttl:
           theory.versions_behind(writes, ttl), behind, BOTH, runs=20),
    Oracle("stale-age", "seconds per hit", BAILIS, lambda reads, writes, ttl:
           theory.stale_age(writes, ttl), outdated_for, BOTH, runs=16),
    Oracle("never-stale", "share of reads", "no time, no race", never, never_stale,
           tuple({"strategy": name} for name in NEVER_STALE), runs=4),
)  # fmt: skip
