"""Closed forms against published check values, against each other, and against small exact chains."""

import itertools
import math

import numpy as np
import pytest

from cachesim import theory
from cachesim.errors import BadInput


def test_one_worker_is_mm1():
    """M/M/c with one worker waits rho * S / (1 - rho)."""
    assert theory.mmc_wait(0.8, 1.0) == pytest.approx(4.0)
    assert theory.mg1_wait(0.8, 1.0, 2.0) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("square", "wait"), [(1.0, 1.167), (1.5, 1.750), (2.0, 2.333), (5.0, 5.833)]
)
def test_pollaczek_khinchine(square, wait):
    """The check values for rate .7 and mean service 1."""
    assert wait == pytest.approx(theory.mg1_wait(0.7, 1.0, square), abs=5e-4)


def test_one_station_mva_is_the_repairman():
    """Mean value analysis of one station with c workers is the machine repairman."""
    for users, workers in itertools.product((1, 5, 30), (1, 3, 8)):
        throughput, response = theory.closed_network(users, 1.0, [0.2], [workers])

        assert theory.repairman(users, 1.0, 0.2, workers) == pytest.approx(throughput)
        assert users == pytest.approx(throughput * (1.0 + response))


@pytest.mark.parametrize(
    ("keys", "items", "skew", "lru", "fifo"),
    [
        (1000, 100, 0.8, 0.3778, 0.3337),
        (10_000, 1000, 0.99, 0.6641, 0.6190),
        (10_000, 100, 1.2, 0.6563, 0.6033),
    ],
)
def test_che(keys, items, skew, lru, fifo):
    """The table of characteristic-time approximations."""
    p = theory.zipf(keys, skew)

    assert lru == pytest.approx(theory.lru_hit_ratio(p, items), abs=5e-5)
    assert fifo == pytest.approx(theory.fifo_hit_ratio(p, items), abs=5e-5)


def test_che_grows_to_one():
    """A cache that holds all but one key misses next to nothing; more items never hit less."""
    p = theory.zipf(50, 1.0)
    ratios = [theory.lru_hit_ratio(p, items) for items in range(1, 50)]

    assert sorted(ratios) == ratios
    assert ratios[-1] > 0.98


def test_deletes_only_cost():
    """Without writes LRU with deletes is LRU; with them it hits less."""
    p = theory.zipf(1000, 0.9)

    assert theory.lru_hit_ratio(p, 100) == pytest.approx(
        theory.lru_with_deletes_hit_ratio(p, 0 * p, 100)
    )
    assert theory.lru_with_deletes_hit_ratio(0.5 * p, 0.5 * p, 100) < theory.lru_hit_ratio(p, 100)


def test_limits_of_ttl():
    """TTLs that go to nothing or to infinity meet the simpler forms."""
    assert theory.invalidate_hit_ratio(3.0, 1.0, 1e9) == pytest.approx(
        theory.invalidate_hit_ratio(3.0, 1.0)
    )
    assert theory.stale_hit_ratio(1e-9, 1.0) == pytest.approx(0.0, abs=1e-6)
    assert theory.lazy_stale_ratio(1e9, 1e9, 1.0) == pytest.approx(1.0)
    assert theory.write_through_hit_ratio(2.0, 1e-9, 3.0) == pytest.approx(
        theory.ttl_hit_ratio(2.0, 3.0)
    )


def test_waits_have_tails():
    """The mean wait is the integral of the tail."""
    t = np.linspace(0, 200, 400_001)
    tail = [theory.mmc_wait_tail(2.5, 1.0, 3, x) for x in t[::100]]

    assert theory.mmc_wait(2.5, 1.0, 3) == pytest.approx(np.trapezoid(tail, t[::100]), rel=1e-3)


def test_what_is_unstable_is_refused():
    """A queue with more work than workers has no mean wait, and a cache as large as its keys no eviction."""
    with pytest.raises(BadInput, match="below 2 workers, got 2"):
        theory.mmc_wait(2.0, 1.0, 2)
    with pytest.raises(BadInput, match="items must be > 0 and below"):
        theory.lru_hit_ratio(theory.zipf(10, 1.0), 10)


def test_the_others_by_hand():
    """Sojourn quantile, visits, sliding TTL, herd and poisoned fills on round numbers."""
    assert math.log(2) == pytest.approx(theory.mm1_sojourn_quantile(0.0, 1.0, 0.5))
    assert (1.0, 1.0) == theory.cache_aside_visits(0.0, 0.5)
    assert theory.sliding_ttl_hit_ratio(1.0, math.log(2)) == pytest.approx(0.5)
    assert theory.poisoned_fill(5.0, 0.001, 0.002) == 0.0
    assert theory.herd(0.0, 5.0) == 1.0
    assert theory.versions_behind(2.0, 3.0) == 3.0
