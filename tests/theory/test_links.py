"""What is under way on a link that keeps the order: closed forms, and a simulation."""

import math

import numpy as np
import pytest

from cachesim.model.distributions import Between, Constant, Exponential, Lognormal
from cachesim.theory import in_flight, own_write_missed

EULER = 0.5772156649015329
RUNS, LONG = 2000, 1.0  # seconds of writes before the moment: all lags are much shorter
FIVE_NINES = 4.4  # standard errors: 99.999 % of the means are nearer; the seed is fixed


@pytest.mark.parametrize("replicas", [1, 2, 5])
@pytest.mark.parametrize("rate", [1.0, 3000.0])
def test_a_constant_lag(rate, replicas):
    """All replicas have the same, and nothing overtakes: rate · lag entries are under way."""
    assert in_flight(rate, Constant(value=0.02).quantile, replicas) == pytest.approx(rate * 0.02)


@pytest.mark.parametrize("x", [0.01, 1.0, 40.0, 2000.0])
def test_an_exponential_lag(x):
    """It is x · Ein(x) + 1 - e^(-x) with Ein(x) = ln x + γ + E1(x), the integral of (1 - e^(-u)) / u."""
    at = np.geomspace(1e-9 * x, x, 100_001)
    ein = np.trapezoid(-np.expm1(-at), np.log(at)) + 1e-9 * x
    if x > 30:
        assert ein == pytest.approx(math.log(x) + EULER)  # E1 is nearly 0

    found = in_flight(x / 0.02, Exponential(mean=0.02).quantile)

    assert found == pytest.approx(x * ein - math.expm1(-x), rel=1e-4)


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("rate", [20.0, 2000.0])
@pytest.mark.parametrize(
    "lag",
    [Exponential(mean=0.02), Between(low=0.01, high=0.03), Lognormal(median=0.015, sigma=0.7)],
    ids=str,
)
def test_a_simulation(lag, rate, replicas):
    """Entries at random moments, a running maximum of their arrivals, and the best of the replicas."""
    rng = np.random.default_rng(7)
    found = [_under_way(rng, lag, rate, replicas) for _ in range(RUNS)]
    error = np.std(found) / math.sqrt(RUNS)

    assert abs(np.mean(found) - in_flight(rate, lag.quantile, replicas)) < FIVE_NINES * error


def _under_way(rng, lag, rate, replicas):
    times = np.sort(rng.uniform(0, LONG, rng.poisson(rate * LONG)))
    arrivals = (np.maximum.accumulate(times + lag.sample(rng, len(times))) for _ in range(replicas))
    return min(int((arrived > LONG).sum()) for arrived in arrivals)


@pytest.mark.parametrize("writes", [0.0, 30.0, 1000.0])
def test_an_own_write_behind_others(writes):
    """A write is missed if it is under way itself, or an older one is."""
    gap, lag, rng = 0.03, 0.02, np.random.default_rng(8)
    seen = []
    for _ in range(RUNS):
        others = rng.uniform(gap, LONG, rng.poisson(writes * (LONG - gap)))
        ages = np.append(others, gap)
        seen.append((rng.exponential(lag, len(ages)) > ages).any())
    expected = own_write_missed(gap, lag, writes)
    error = math.sqrt(expected * (1 - expected) / RUNS)

    assert abs(np.mean(seen) - expected) < FIVE_NINES * error
