"""Oracles of races on one key: values reach the cache in another order than they were committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import cachesim.theory as theory
from cachesim.model.app import App
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.events import Steps
from cachesim.model.network import Network
from cachesim.model.strategies.base import Strategy
from cachesim.model.strategies.lazy import InvalidateFirst
from cachesim.model.strategies.through import WriteThrough
from cachesim.records import Value
from cachesim.rng import Draw, stream
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import ROOM, ZERO, of_one_key, requests

if TYPE_CHECKING:
    import pandas as pd

N = 6_000  # requests per run
COUNTED = "Poisson writes in the gap"


class Gaps(Strategy):
    """Cache-aside with two random gaps: from query to set, and from commit to delete."""

    fill_gap: Any = None  # draws seconds
    delete_gap: Any = None

    def read(self, app: App, key: str) -> Steps:
        """Ask the cache; on a miss ask the database, and fill after the gap."""
        value = yield app.cache.get(key)
        if value is None:
            value = yield app.db.read(key)
            yield app.timeout(self.fill_gap())
            yield app.cache.set(key, value)
        return value

    def write(self, app: App, key: str, value: Value) -> Steps:
        """Commit; delete after the gap."""
        yield app.db.write(key, value)
        yield app.timeout(self.delete_gap())
        yield app.cache.delete(key)


def poisoned(ended: pd.DataFrame) -> float:
    """Return the share of the fills that set an old value after the delete of a newer write.

    Only the gaps take time: a fill queries at its begin and sets at its end; a write commits at its begin and
    deletes at its end.
    """
    fills = ended[(ended["op"] == "read") & (ended["lookup"] != "hit")]
    writes = ended[ended["op"] == "write"].sort_values("version")
    ends = writes["end"].to_numpy()[::-1]
    first_delete = np.minimum.accumulate(ends)[::-1]  # by this write or a later one
    after = np.searchsorted(
        writes["version"].to_numpy(int), fills["version"].to_numpy(int), "right"
    )
    deleted = np.append(first_delete, np.inf)[after]
    return float((deleted < fills["end"].to_numpy()).mean())


def gaps(reads: float, writes: float, fill_gap: Draw, delete_gap: Draw, seed: int) -> float:
    """Return the share of poisoned fills with these gaps."""
    strategy = Gaps(fill_gap=fill_gap, delete_gap=delete_gap)
    return poisoned(requests(of_one_key(strategy, reads, writes, N), seed))


def constant_gaps(
    seed: int, reads: float, writes: float, fill_gap: float, delete_gap: float
) -> float:
    """Return the share of poisoned fills with constant gaps."""
    return gaps(reads, writes, lambda: fill_gap, lambda: delete_gap, seed)


def exponential_gaps(
    seed: int, reads: float, writes: float, fill_gap: float, delete_gap: float
) -> float:
    """Return the share of poisoned fills with exponential gaps."""
    fill, delete = drawn(fill_gap, seed, "fill gap"), drawn(delete_gap, seed, "delete gap")
    return gaps(reads, writes, fill, delete, seed)


def drawn(mean: float, seed: int, name: str) -> Draw:
    """Return a function that draws an exponential time."""
    return Exponential(mean=mean).draws(stream(seed, name)).__next__


# --- two writers


def inverted(seed: int, writes: float, set_delay: float) -> float:
    """Return the share of the writes whose set lands after that of the next version."""
    far = Network(in_zone=Exponential(mean=set_delay), cross_zone=ZERO, database_in_zone=False)
    scenario = of_one_key(WriteThrough(fill=False), 0.0, writes, N, network=far)
    landed = requests(scenario, seed).sort_values("version")["end"].to_numpy()
    return float((landed[:-1] > landed[1:]).mean())


# --- delete before commit


def refilled(seed: int, reads: float, writes: float, commit: float) -> float:
    """Return the share of writes after whose commit the old value is in the cache.

    The first request after the commit shows it, if it is a read. Writes that overlap others are left out.
    """
    slow = Database(
        connections=ROOM // 1000,
        buffer_hit_ratio=1.0,
        buffer_read=ZERO,
        commit=Constant(value=commit),
    )
    ended = requests(of_one_key(InvalidateFirst(), reads, writes, 3 * N, database=slow), seed)
    ended = ended.sort_values("begin", kind="stable")
    begins = ended["begin"].to_numpy()
    is_write, found = (ended["op"] == "write").to_numpy(), (ended["lookup"] == "hit").to_numpy()
    alone = lone(begins[is_write], commit)
    following = np.searchsorted(begins, begins[is_write][alone] + commit, "right")
    following = following[following < len(begins)]
    following = following[~is_write[following]]
    return float(found[following].mean())


def lone(begins: np.ndarray, commit: float) -> np.ndarray:
    """Return a mask of the writes that overlap no other write."""
    gap = np.diff(begins, prepend=-np.inf, append=np.inf) > commit
    return gap[:-1] & gap[1:]


GAPS = (
    {"reads": 60.0, "writes": 40.0, "fill_gap": 0.010, "delete_gap": 0.002},
    {"reads": 600.0, "writes": 400.0, "fill_gap": 0.002, "delete_gap": 0.0005},
    {"reads": 500.0, "writes": 500.0, "fill_gap": 0.001, "delete_gap": 0.0001},
)

ORACLES = (
    Oracle("poisoned-fill", "share of fills", COUNTED, lambda reads, writes, fill_gap, delete_gap:
           theory.poisoned_fill(writes, fill_gap, delete_gap), constant_gaps, GAPS, runs=20),
    Oracle("stale-set", "share of fills", COUNTED, lambda reads, writes, fill_gap, delete_gap:
           theory.stale_set(writes, fill_gap, delete_gap), exponential_gaps, GAPS, runs=20),
    Oracle("dual-write-inversion", "share of writes", "two exponential delays race",
           theory.dual_write_inversion, inverted,
           tuple({"writes": writes, "set_delay": 0.004} for writes in (50.0, 200.0, 1000.0)), runs=16),
    Oracle("delete-before-commit", "share of writes", "Poisson reads during the commit",
           lambda reads, writes, commit: theory.early_delete_fill(reads, commit), refilled,
           tuple({"reads": 950.0, "writes": 50.0, "commit": commit} for commit in (0.001, 0.002, 0.004))),
)  # fmt: skip
