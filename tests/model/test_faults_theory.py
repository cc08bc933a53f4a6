"""Faults where theory says what follows: cold caches, load that comes through, queues, collapse."""

import math

import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.metrics import availability, db_queries_per_s, db_utilization, hit_ratio
from cachesim.model import faults as f
from cachesim.model.database import Database
from cachesim.model.popularity import Zipf
from cachesim.model.resilience import Resilience
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.scenario import Scenario
from cachesim.theory import cold_hit_ratio, zipf
from cachesim.units import MIB
from tests.model.worlds import drawn, requests_of

# --- what theory says


def test_the_hit_ratio_after_a_flush():
    """h(t) = Σ p_i (1 − e^(−Λ p_i t)): hits by requests in each interval (99 % of runs within; seed fixed)."""
    scenario = drawn(
        LazyLoading(), requests=30_000, start="warm", popularity=Zipf(keys=2000), faults=[f.FlushCache(at=5)],
        cache=Simple(),
    )  # fmt: skip
    records = requests_of(scenario)
    since = records["begin"] - 5
    popularity = zipf(2000, scenario.workload.popularity.skew)

    for start, end in [(0, 0.5), (0.5, 2), (2, 6), (6, 20)]:
        hits = (records["lookup"] == "hit")[(since >= start) & (since < end)]
        middle = [start + (end - start) * (n + 0.5) / 50 for n in range(50)]
        h = sum(cold_hit_ratio(popularity, 1000.0, t) for t in middle) / 50
        assert abs(hits.mean() - h) < 2.576 * math.sqrt(h * (1 - h) / len(hits))


def test_the_load_that_a_lost_cache_lets_through():
    """1 / (1 − h) times the database's queries of before, while the cache is refused."""
    scenario = drawn(
        LazyLoading(ttl=0.05), requests=40_000, keys=100, cache=Simple(), sample_every=5.0,
        faults=[f.RefuseCache(at=20, duration=20)],
    )  # fmt: skip
    history = run(scenario).history
    before, during = history.query("5 <= begin < 20.0001"), history.query("begin >= 20")

    assert 1 / (1 - hit_ratio(before)) == pytest.approx(
        db_queries_per_s(during) / db_queries_per_s(before), rel=0.03
    )


def test_what_piles_up_behind_a_partition():
    """Each request pays t_o · (1 + r), so Λ · t_o · (1 + r) of them wait at any moment (Little)."""
    scenario = drawn(
        NoCache(), requests=10_000, rate=500.0, faults=[f.PartitionDatabase(at=0, duration=math.inf)],
        resilience=Resilience(database=f.Calls(timeout=0.2, retries=2)),
    )  # fmt: skip
    records = requests_of(scenario)
    waiting = ((records["begin"] <= 10) & (records["end"] > 10)).sum()

    assert {0.6} == set((records["end"] - records["begin"]).round(9))
    assert abs(waiting - 500 * 0.6) < 2.576 * math.sqrt(500 * 0.6)


@pytest.mark.parametrize(
    ("calls", "recovers"),
    [
        ({"retries": 3}, False),
        ({"retries": 3, "backoff": 0.1}, False),
        ({"retries": 0}, True),
        ({"retries": 3, "backoff": 0.1, "budget": 0.1}, True),
        ({"retries": 3, "backoff": 0.1, "breaker": f.Breaker(rest=0.5)}, True),
    ],
)
def test_a_metastable_collapse(calls, recovers):
    """Retries keep the database saturated after the trigger has ended; a budget or a breaker gets out of it."""
    scenario = Scenario(
        strategy=LazyLoading(), cache=Simple(memory=10 * MIB), start="warm", duration=12, warmup=0,
        database=Database(connections=1), faults=[f.FlushCache(at=1), f.SlowDatabase(at=1, duration=3, factor=4)],
        resilience=Resilience(database=f.Calls(timeout=0.1, **calls)),
    ).replace(workload__rate=400.0, workload__reads=1.0)  # fmt: skip
    late = run(scenario).history.query("begin >= 8")

    assert recovers == (availability(late) > 0.99)
    assert recovers == (db_utilization(late) < 0.9)
