"""Complete runs against closed forms (../shared/facts: SIMULATION.md, section 4, names their sources).

Every comparison: independent seeds, fixed; the 99 % Student-t interval of the runs' means must cover
the closed form, and must be narrow enough to mean something. Checked once with other seeds, shorter runs:
of 60 intervals 60 covered the stale-read formula and 59 the TTL hit ratio; of 40, 40 covered MVA with three
connections and 39 Che's LRU.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cachesim.engines.policies import FIFO, LRU, Random
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.experiments.scenario import Scenario
from cachesim.measure.history import select_requests
from cachesim.measure.statistics import interval
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.popularity import Uniform, Zipf
from cachesim.model.strategies.lazy import LazyLoading, NoCache
from cachesim.model.strategies.through import WriteThrough
from cachesim.model.workload import ClosedLoop, OpenLoop
from tests.model.worlds import ZERO, agrees, crowd, drawn, metric, over_seeds, requests_of

SEEDS = range(1, 9)


def narrow(values, expected, share):
    """Return whether the 99 % interval is narrower than a share of what is expected."""
    _, low, high = interval(values, 0.99)
    return high - low < share * expected


# --- queues


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


def test_mm8_through_complete_runs():
    """No cache in front of 8 connections is M/M/8: mean sojourn 1/μ + C(8, a) / (8μ - λ)."""
    mean, rate, a = 0.008, 800.0, 6.4
    blocked = 1.0
    for k in range(1, 9):
        blocked = a * blocked / (k + a * blocked)
    waiting = blocked / (1 - a / 8 * (1 - blocked))
    expected = mean + waiting / (8 / mean - rate)
    database = Database(
        connections=8, waiting=10**6, buffer_hit_ratio=1.0, buffer_read=Exponential(mean=mean)
    )
    scenario = drawn(NoCache(), rate=rate, requests=24_000, warmup=2.0, keys=100, database=database)
    values = over_seeds(scenario, mean_read, SEEDS)

    assert agrees(values, expected)
    assert narrow(values, expected, 0.15)


def mean_read(result):
    """Return the mean latency of the reads after the warm-up."""
    rows = select_requests(result.measured)
    return float((rows["end"] - rows["begin"]).mean())


def mva(users, think, stations):
    """Return the sojourn in each station by exact mean value analysis; stations are (mean service, workers).

    Reiser and Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27 (1980).
    """
    spread = [
        [1.0] + [0.0] * users for _ in stations
    ]  # probability of j jobs there, with n - 1 users
    for n in range(1, users + 1):
        sojourn = [
            sum(j * mean / min(j, workers) * p[j - 1] for j in range(1, n + 1))
            for (mean, workers), p in zip(stations, spread, strict=True)
        ]
        throughput = n / (think + sum(sojourn))
        for (mean, workers), p in zip(stations, spread, strict=True):
            p[1:] = [throughput * mean / min(j, workers) * p[j - 1] for j in range(1, users + 1)]
            p[0] = 1 - sum(p[1:])
    return sojourn


def closed(strategy, node, connections, mean, **fields):
    """Return a closed loop of 12 users who think 50 ms, exponential throughout."""
    database = Database(
        connections=connections,
        waiting=100,
        buffer_hit_ratio=1.0,
        buffer_read=Exponential(mean=mean),
    )
    think = Exponential(mean=0.05)
    workload = ClosedLoop(clients=12, think=think, reads=1.0, popularity=Uniform(keys=50))
    return Scenario(
        strategy=strategy, node=node, network=Network(in_zone=ZERO), database=database, workload=workload,
        cache=Simple(), duration=100, warmup=5, sample_every=1e9, **fields,
    )  # fmt: skip


@pytest.mark.parametrize("connections", [1, 3])
def test_one_station_closed_loop_is_that_of_mva(connections):
    """Users who think and ask the database: the mean sojourn is MVA's, the throughput N / (Z + R)."""
    expected = sum(mva(12, 0.05, [(0.008 * connections, connections)]))
    scenario = closed(NoCache(), Node(), connections, 0.008 * connections)
    results = [run(scenario.replace(seed=seed)) for seed in SEEDS]
    sojourns = [mean_read(result) for result in results]
    rates = [ended_per_second(result) for result in results]

    assert agrees(sojourns, expected)
    assert agrees(rates, 12 / (0.05 + expected))
    assert narrow(sojourns, expected, 0.1)


def ended_per_second(result):
    """Return the requests that ended between the warm-up and the end of the arrivals, per second."""
    rows = select_requests(result.history)
    scenario = result.scenario
    ended = rows["end"].between(scenario.warmup, scenario.duration).sum()
    return float(ended / (scenario.duration - scenario.warmup))


def test_two_stations_closed_loop_is_that_of_mva():
    """Every read visits the cache (which is never filled) and then the database: two stations in a row."""
    stations = [(0.004, 1), (0.012, 2)]
    expected = sum(mva(12, 0.05, stations))
    node = Node(service=Exponential(mean=0.004))
    scenario = closed(WriteThrough(fill=False), node, 2, 0.012)
    sojourns = over_seeds(scenario, mean_read, SEEDS)

    assert agrees(sojourns, expected)
    assert narrow(sojourns, expected, 0.1)


@pytest.mark.parametrize("rate", [5.0, 1_000.0])
def test_the_simulated_arrival_rate_is_the_nominal_one(rate):
    """Arrivals in T seconds are Poisson with mean rate · T; with 40 runs pooled, 99 % lie within 2.576 σ."""
    scenario = drawn(NoCache(), rate=rate, requests=2_000)
    arrived = sum(over_seeds(scenario, metric("requests"), range(40)))
    nominal = 40 * 2_000

    assert abs(arrived - nominal) < 2.576 * math.sqrt(nominal)


def test_gaps_between_arrivals_are_exponential():
    """Mean and standard deviation of the gaps are both 1 / rate (20,000 gaps: 99 % within 3 %)."""
    begins = np.sort(requests_of(drawn(NoCache(), rate=100.0))["begin"].to_numpy())
    gaps = np.diff(begins)

    assert 0.01 == pytest.approx(gaps.mean(), rel=0.03)
    assert 0.01 == pytest.approx(gaps.std(), rel=0.03)


# --- one key: reads at rate λ, writes at rate μ, TTL T, nothing takes time


def rates(reads, rate=1000.0):
    """Return λ and μ."""
    return rate * reads, rate * (1 - reads)


def test_ttl_hit_ratio():
    """Lazy loading, the timer from the fill: λT / (1 + λT)."""
    values = over_seeds(drawn(LazyLoading(ttl=0.004)), metric("hit_ratio"), SEEDS)

    assert agrees(values, 4 / 5)
    assert narrow(values, 4 / 5, 0.02)


@pytest.mark.parametrize(("reads", "ttl"), [(0.9, 0.005), (0.5, 0.02)])
def test_stale_reads_of_lazy_loading_with_ttl(reads, ttl):
    """Share of stale reads: λ / (1 + λT) · [T - (1 - exp(-μT)) / μ]."""
    read, write = rates(reads)
    expected = read / (1 + read * ttl) * (ttl - (1 - math.exp(-write * ttl)) / write)
    values = over_seeds(drawn(LazyLoading(ttl=ttl), reads=reads), metric("stale_ratio"), SEEDS)

    assert agrees(values, expected)
    assert narrow(values, expected, 0.1)


def test_versions_behind_of_lazy_loading_with_ttl():
    """Versions behind per hit: μT / 2, as the hits fall evenly into the TTL; a miss is never behind."""
    read, write = rates(0.5)
    expected = read * 0.02 / (1 + read * 0.02) * write * 0.02 / 2
    scenario = drawn(LazyLoading(ttl=0.02), reads=0.5)
    values = over_seeds(scenario, metric("versions_behind_mean"), SEEDS)

    assert agrees(values, expected)
    assert narrow(values, expected, 0.1)


@pytest.mark.parametrize("ttl", [math.inf, 0.005])
def test_delete_on_write(ttl):
    """With τ = (1 - exp(-μT)) / μ the hit ratio is λτ / (1 + λτ), without a TTL λ / (λ + μ); never stale."""
    read, write = rates(0.8)
    tau = (1 - math.exp(-write * ttl)) / write
    scenario = drawn(LazyLoading(ttl=ttl, invalidate=True), reads=0.8)
    results = [run(scenario.replace(seed=seed)) for seed in SEEDS]

    assert agrees([r.metrics["hit_ratio"] for r in results], read * tau / (1 + read * tau))
    assert {0.0} == {r.metrics["stale_ratio"] for r in results}


def test_write_through_with_ttl():
    """Set on write and on miss: B = (exp(μT) - 1) / μ, hit ratio B / (B + 1 / (λ + μ)); never stale."""
    read, write = rates(0.7)
    busy = (math.exp(write * 0.002) - 1) / write
    scenario = drawn(WriteThrough(ttl=0.002), reads=0.7)
    results = [run(scenario.replace(seed=seed)) for seed in SEEDS]
    expected = busy / (busy + 1 / (read + write))

    assert agrees([r.metrics["hit_ratio"] for r in results], expected)
    assert {0.0} == {r.metrics["stale_ratio"] for r in results}


# --- many keys


def characteristic_time(p, items, held):
    """Return the t at which the expected number of keys held, Σ held(p_i · t), is the cache's size."""
    low, high = 0.0, 1.0
    while held(p * high).sum() < items:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if held(p * middle).sum() < items else (low, middle)
    return low


def che(p, items, held):
    """Return the hit ratio of Che, Tung and Wang's approximation (IEEE JSAC 20, 2002) and its FIFO twin."""
    share = held(p * characteristic_time(p, items, held))
    return float((p * share).sum())


def lru_held(x):
    return 1 - np.exp(-x)


def fifo_held(x):
    return x / (1 + x)


@pytest.mark.parametrize(
    ("policy", "held"), [(LRU, lru_held), (FIFO, fifo_held), (Random, fifo_held)]
)
def test_hit_ratios_are_those_of_che(policy, held):
    """1,000 keys, Zipf .8, a cache of 100: LRU .3778, FIFO and Random .3337 by Che."""
    zipf = Zipf(keys=1_000, skew=0.8)
    expected = che(zipf.probabilities(), 100, held)
    scenario = drawn(
        LazyLoading(),
        requests=22_000,
        warmup=2.0,
        popularity=zipf,
        cache=Simple(items=100, policy=policy),
    )
    values = over_seeds(scenario, metric("hit_ratio"), SEEDS)

    assert round(expected, 4) == {lru_held: 0.3778, fifo_held: 0.3337}[held]
    assert agrees(values, expected)
    assert narrow(values, expected, 0.06)


def test_delete_on_write_hit_ratio_of_many_keys():
    """LRU, deletes at 20 % writes: h_i = λ_i / (λ_i + μ_i) · (1 - exp(-(λ_i + μ_i) t)), Σ h_i = C.

    (A key is held with that very probability: its timer runs from the last read, if no write came since.)
    """
    zipf = Zipf(keys=1_000, skew=0.8)
    p = zipf.probabilities()
    expected = float(
        (p * 0.8 * lru_held(p * characteristic_time(p, 100, lambda x: 0.8 * lru_held(x)))).sum()
    )
    scenario = drawn(
        LazyLoading(invalidate=True), requests=22_000, warmup=2.0, reads=0.8, popularity=zipf,
        cache=Simple(items=100, policy=LRU),
    )  # fmt: skip
    values = over_seeds(scenario, metric("hit_ratio"), SEEDS)

    assert agrees(values, expected)
    assert narrow(values, expected, 0.06)


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
