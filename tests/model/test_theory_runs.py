"""Complete runs against closed forms: the oracles of `cachesim validate`, and what theory says exactly.

The first point of each oracle runs here with the default seed. That its 99 % intervals hold the prediction 99
times in 100 was checked over 200 other seeds: docs/background/fidelity.md, benchmarks/interval_coverage.py.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.scenario import Scenario
from cachesim.validate.run import ORACLES, validate
from tests.model.worlds import crowd, drawn, requests_of

# Run by `cachesim validate` alone, for they take longest; each has a relative that runs here.
SLOW = {
    "mmc-sojourn", "mmc-wait-tail", "littles-law", "delete-before-commit", "early-refresh", "head-of-line",
    "stale-hits", "versions-behind", "stale-age", "arrival-rate", "mm1-quantile", "sliding-stale-reads",
    "stale-set", "lru-with-ttl-stale-reads", "jittered-expiries", "lost-sessions", "failover-loss",
    "ring-imbalance", "moved-keys", "cache-replica-stale",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in SLOW])
def test_the_model_agrees_with_theory(name):
    """The 99 % interval of ten independent runs or more holds the closed form, and is narrow."""
    [row] = validate([name], quick=True, n_jobs=1)

    assert row.ok, row


def test_what_is_slow_is_an_oracle():
    """No name above is out of date."""
    assert set(ORACLES) >= SLOW


# --- what holds exactly


class Turnstile:
    """The integral of the number of requests inside, in exact numbers."""

    def __init__(self):
        self.inside = self.entered = 0
        self.since = self.area = Fraction(0)

    def turn(self, now, step):
        self.area += self.inside * (Fraction(now) - self.since)
        self.since, self.inside = Fraction(now), self.inside + step
        self.entered += step > 0


class Counted(LazyLoading):
    """Lazy loading whose requests all pass a turnstile, on the way in and on the way out."""

    gate: Any = None

    def read(self, app, key):
        return (yield from self.passing(app, LazyLoading.read(self, app, key)))

    def write(self, app, key, value):
        yield from self.passing(app, LazyLoading.write(self, app, key, value))

    def passing(self, app, steps):
        self.gate.turn(app.now, +1)
        try:
            return (yield from steps)
        finally:
            self.gate.turn(app.now, -1)


@pytest.mark.parametrize(
    "workload", [OpenLoop(rate=800.0), ClosedLoop(clients=20)], ids=["open loop", "closed loop"]
)
def test_littles_law_holds_exactly(workload):
    """On a run from empty to empty the integral of the number inside is the sum of the sojourns: no rounding,
    and as many requests come out as went in.
    """
    gate, cache = Turnstile(), Simple(memory=100_000)
    records = requests_of(
        Scenario(strategy=Counted(gate=gate), cache=cache, workload=workload, duration=3, warmup=0)
    )
    sojourns = zip(records["begin"], records["end"], strict=True)

    assert gate.area == sum(Fraction(end) - Fraction(begin) for begin, end in sojourns)
    assert gate.area > 0
    assert (0, gate.entered) == (gate.inside, len(records))


def test_utilization_law_holds_exactly():
    """U = X · S / c, term by term: with a dyadic constant service the busy time is jobs times service."""
    scenario = Scenario(
        strategy=NoCache(),
        database=Database(connections=4, buffer_hit_ratio=1.0, buffer_read=Constant(value=2**-8)),
        workload=OpenLoop(rate=500.0, reads=1.0),
        duration=10,
        warmup=0,
    )
    last = run(scenario).history.iloc[-1]

    assert last["db_queries"] * 2**-8 / 4 == last["db_busy"]


def test_gaps_between_arrivals_are_exponential():
    """Mean and standard deviation of the gaps are both 1 / rate (20,000 gaps: 99 % within 3 %)."""
    begins = np.sort(requests_of(drawn(NoCache(), rate=100.0))["begin"].to_numpy())
    gaps = np.diff(begins)

    assert 0.01 == pytest.approx(gaps.mean(), rel=0.03)
    assert 0.01 == pytest.approx(gaps.std(), rel=0.03)


# --- who is stale


def test_write_through_with_one_writer_is_never_stale():
    """One client, no fill: neither against acknowledged nor against committed versions, over 8,000 reads."""
    reads = requests_of(crowd(WriteThrough(fill=False), clients=1, duration=40)).query(
        "op == 'read'"
    )

    assert len(reads) > 5_000
    assert (reads["version"] == reads["committed"]).all()
    assert (reads["version"] == reads["acknowledged"]).all()


def test_write_through_with_two_writers_is_stale_now_and_then():
    """Two writers may set in another order than they committed: legs are random."""
    assert run(crowd(WriteThrough(fill=False), clients=2)).metrics["stale_ratio"] > 0
    assert run(crowd(WriteThrough(fill=False), clients=20)).metrics["stale_ratio"] > 0


def writers(number, strategy):
    """Return the metrics of 20 clients, of whom so many write and the others read."""
    scenario = crowd(strategy, clients=20, duration=5, database=Database(connections=20))
    return run(scenario.replace(workload__writers=number)).metrics


def test_one_writer_among_many_readers_is_never_stale():
    """Write-through, one writer, no lazy fill: never, over 30,000 reads; two writers: stale; a fill: stale."""
    one = writers(1, WriteThrough(fill=False))

    assert 0.0 == one["stale_ratio"]
    assert one["requests"] > 30_000
    assert writers(2, WriteThrough(fill=False))["stale_ratio"] > 0


def test_one_writer_with_a_lazy_fill_is_stale():
    """A fill that read the row before the commit and sets after the write has: keys with a TTL miss often."""
    assert writers(1, WriteThrough(ttl=0.002))["stale_ratio"] > 0


def test_races_need_random_legs():
    """With a constant leg the sets keep the order of the commits: the same crowd is never stale."""
    network = Network(in_zone=Constant(value=0.0002))
    result = run(crowd(WriteThrough(fill=False), clients=20, network=network))

    assert 0.0 == result.metrics["stale_ratio"]
    assert result.metrics["requests"] > 5_000


def test_no_cache_is_never_stale():
    """The database gives what was committed when the query ended, which no later read can beat."""
    assert 0.0 == run(crowd(NoCache(), clients=20)).metrics["stale_ratio"]
