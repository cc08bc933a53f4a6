"""Oracles of queues in front of the database: every read and write goes there, and nothing else takes time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import cachesim.theory as theory
from cachesim.measure.metrics import db_utilization, latency
from cachesim.model.app import App
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential, Lognormal
from cachesim.model.events import Steps
from cachesim.model.strategies.lazy import NoCache
from cachesim.scenario import Scenario
from cachesim.validate.oracle import Oracle
from cachesim.validate.worlds import ROOM, ZERO, arrivals, history, requests

SERVICE = 0.01  # seconds: the mean time of a query
N = 12_000  # requests per run
START = 600  # requests before a run is measured: long after the queue has forgotten its start
ERLANG = "Erlang (1917)"
KHINCHINE = "Pollaczek (1930), Khinchine (1932)"


def queue(rate: float, workers: int = 1, asked: int = N, **fields: Any) -> Scenario:
    """Return a queue of queries with exponential service times; `fields` of the database change that."""
    plain = {"buffer_hit_ratio": 1.0, "buffer_read": Exponential(mean=SERVICE), "commit": ZERO}
    reads = fields.pop("reads", 1.0)
    strategy = fields.pop("strategy", NoCache())
    database = Database(connections=workers, waiting=ROOM, **{**plain, **fields})
    return arrivals(
        strategy, rate=rate, requests=asked, reads=reads, warmup=START / rate, database=database
    )


def sojourns(seed: int, scenario: Scenario) -> np.ndarray:
    """Return the latency of every read."""
    return latency(history(scenario, seed), "read").to_numpy()


# --- M/M/c


def sojourn(rate: float, workers: int) -> float:
    """Return the mean time in M/M/c, the service included."""
    return theory.mmc_wait(rate, SERVICE, workers) + SERVICE


def mean_sojourn(seed: int, rate: float, workers: int) -> float:
    """Return the mean latency."""
    return float(sojourns(seed, queue(rate, workers)).mean())


def quantile(seed: int, rate: float, q: float) -> float:
    """Return a quantile of the latency behind one connection."""
    return float(np.quantile(sojourns(seed, queue(rate)), q))


def wait_tail(seed: int, reads: float, workers: int, t: float) -> float:
    """Return the share of waits above t, measured by writes without service time: their latency is their wait."""
    probes = requests(queue(2 * reads, workers, reads=0.5), seed).query("op == 'write'")
    return float((probes["end"] - probes["begin"] > t).mean())


def busy(seed: int, rate: float, workers: int) -> float:
    """Return the share of the time in which connections are busy."""
    scenario = queue(rate, workers).replace(sample_every=1.0)
    return db_utilization(history(scenario, seed))


def arrival_rate(seed: int, rate: float) -> float:
    """Return the arrivals per second, after the warm-up."""
    scenario = queue(rate, workers=64)
    return len(requests(scenario, seed)) / (scenario.duration - scenario.warmup)


# --- M/G/1


LAWS: dict[str, tuple[dict[str, Any], float]] = {  # fields of the database, second moment
    "constant": ({"buffer_read": Constant(value=SERVICE)}, SERVICE**2),
    "lognormal": (
        {"buffer_read": Lognormal(median=SERVICE * math.exp(-0.125), sigma=0.5)},
        SERVICE**2 * math.exp(0.25),
    ),
    "hyperexponential": (  # nine of ten are short, one is long; their mean is SERVICE
        {"buffer_hit_ratio": 0.9, "buffer_read": Exponential(mean=SERVICE * 2 / 3),
         "disk_read": Exponential(mean=SERVICE * 4)},
        2 * SERVICE**2 * (0.9 * (2 / 3) ** 2 + 0.1 * 4**2),
    ),
}  # fmt: skip


def general_wait(rate: float, law: str) -> float:
    """Return the mean wait in M/G/1."""
    return theory.mg1_wait(rate, SERVICE, LAWS[law][1])


def mean_wait(seed: int, rate: float, law: str) -> float:
    """Return the mean latency minus the mean service time."""
    asked = 3 * N if law == "hyperexponential" else N  # its rare long queries vary more
    return float(sojourns(seed, queue(rate, asked=asked, **LAWS[law][0])).mean()) - SERVICE


# --- Little


class Turnstile(NoCache):
    """No cache; every request is counted when it comes and when it goes."""

    turns: Any = None  # a list of (time, +1 or -1)

    def read(self, app: App, key: str) -> Steps:
        """Ask the database between the two counts."""
        self.turns.append((app.now, 1))
        value = yield app.db.read(key)
        self.turns.append((app.now, -1))
        return value


def inside(rate: float, workers: int) -> float:
    """Return the mean number of requests inside M/M/c, by Little's law."""
    return rate * sojourn(rate, workers)


def mean_inside(seed: int, rate: float, workers: int) -> float:
    """Return the time average of the number of requests inside, counted at the turnstile."""
    gate = Turnstile(turns=[])
    scenario = queue(rate, workers, strategy=gate)
    history(scenario, seed)
    times, steps = np.array(gate.turns).T
    open_, shut = scenario.warmup, scenario.duration
    spans = np.diff(np.clip([*times, shut], open_, shut))
    return float((np.cumsum(steps) * spans).sum() / (shut - open_))


MMC = (
    {"rate": 50.0, "workers": 1}, {"rate": 150.0, "workers": 2}, {"rate": 600.0, "workers": 8},
    {"rate": 1_700.0, "workers": 20},
)  # fmt: skip
TAIL = (
    {"reads": 50.0, "workers": 1, "t": 0.0}, {"reads": 120.0, "workers": 2, "t": 0.005},
    {"reads": 240.0, "workers": 4, "t": 0.0},
)  # fmt: skip

ORACLES = (
    Oracle("arrival-rate", "arrivals per second", "the scenario itself", lambda rate: rate,
           arrival_rate, ({"rate": 5.0}, {"rate": 100.0}, {"rate": 2_000.0})),
    Oracle("mmc-sojourn", "seconds", ERLANG, sojourn, mean_sojourn, MMC, runs=24),
    Oracle("mm1-quantile", "seconds", "sojourns in M/M/1 are exponential", lambda rate, q:
           theory.mm1_sojourn_quantile(rate, SERVICE, q), quantile,
           tuple({"rate": 50.0, "q": q} for q in (0.5, 0.9, 0.99)), runs=20),
    Oracle("mmc-wait-tail", "share of arrivals", ERLANG, lambda reads, workers, t:
           theory.mmc_wait_tail(reads, SERVICE, workers, t), wait_tail, TAIL, runs=20),
    Oracle("mg1-wait", "seconds", KHINCHINE, general_wait, mean_wait,
           ({"rate": 60.0, "law": "constant"}, {"rate": 50.0, "law": "lognormal"},
            {"rate": 40.0, "law": "hyperexponential"}), runs=20),
    Oracle("utilization", "share of the time", "the utilization law U = X S / c",
           lambda rate, workers: rate * SERVICE / workers, busy, MMC[:3]),
    Oracle("littles-law", "requests inside", "Little (1961)", inside, mean_inside, MMC[:3], runs=24),
)  # fmt: skip
