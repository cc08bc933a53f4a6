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
        throughput, response, _ = theory.closed_network(users, 1.0, [0.2], [workers])

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


@pytest.mark.parametrize("ttl", [0.5, 2.0, 39.0, 41.0, math.inf])
def test_lives_obey_their_renewal_equation(ttl):
    """By its first event a life is e^(-(λ+μ)m)·m and on: the same as the integral, for keys hot and cold."""
    reads, writes = np.array([0.01, 0.3, 2.0, 9.0]), np.array([0.2, 0.0, 0.1, 1.0])
    life = theory.copy_life(reads, writes, ttl, 1.0)

    assert (life > 0).all()
    assert (life <= min(ttl, 1e9)).all()
    if ttl <= 1.0:
        assert life[1] == pytest.approx(ttl)
    if ttl == math.inf:
        idle = np.exp(-(reads + writes))
        assert life == pytest.approx((1 - idle) / (writes + reads * idle))


def test_lives_are_continuous_where_their_formula_changes():
    """A TTL just below and just above eviction's time, and 40 times it, give nearly the same life."""
    reads, writes = np.array([0.01, 0.3, 2.0, 9.0]), np.array([0.2, 0.1, 0.1, 1.0])
    for ttl in (1.0, 40.0):
        below, above = (theory.copy_life(reads, writes, ttl * x, 1.0) for x in (0.999, 1.001))

        assert below == pytest.approx(above, rel=3e-3)


def test_lives_without_eviction_are_the_ttl_formulas():
    """With room for all, the three strategies have the closed forms of one key."""
    reads, writes = np.array([2.0]), np.array([0.5])
    lazy = theory.lazy_freshness(reads, writes, 3.0, math.inf)
    deleting = theory.invalidate_freshness(reads, writes, 3.0, math.inf)
    through = theory.write_through_freshness(reads, writes, 3.0, math.inf)

    assert theory.ttl_hit_ratio(2.0, 3.0) == pytest.approx(lazy.hit.item())
    assert theory.lazy_stale_ratio(2.0, 0.5, 3.0) == pytest.approx(lazy.stale.item())
    assert theory.invalidate_hit_ratio(2.0, 0.5, 3.0) == pytest.approx(deleting.hit.item())
    assert theory.write_through_hit_ratio(2.0, 0.5, 3.0) == pytest.approx(through.hit.item())


def test_lives_without_a_ttl_are_che():
    """Without a TTL, lazy loading is LRU, and deleting writes are LRU with deletes."""
    p = theory.zipf(1000, 0.8)
    time = theory.characteristic_time(p, 100)
    lazy = theory.lazy_freshness(p, 0 * p, math.inf, time)
    through = theory.write_through_freshness(0.7 * p, 0.3 * p, math.inf, time)

    assert theory.lru_hit_ratio(p, 100) == pytest.approx((p * lazy.hit).sum())
    assert theory.lru_hit_ratio(p, 100) == pytest.approx((p * through.hit).sum())


def test_lives_are_what_a_drawn_key_does():
    """Ten thousand drawn copies with λ = 2, μ = .5, TTL 5 and eviction after .7 s: mean life within 3 σ."""
    rng = np.random.default_rng(4)
    lives = [drawn_life(rng, reads=2.0, writes=0.5, ttl=5.0, eviction=0.7) for _ in range(10_000)]
    expected = theory.copy_life(np.array([2.0]), np.array([0.5]), 5.0, 0.7).item()

    assert abs(np.mean(lives) - expected) < 3 * np.std(lives) / 100


def drawn_life(rng, reads, writes, ttl, eviction):
    """Return how long one copy lives."""
    end, now = min(ttl, rng.exponential(1 / writes)), 0.0
    while True:
        gap = rng.exponential(1 / reads)
        if now + min(gap, eviction) >= end:
            return end
        if gap > eviction:
            return now + eviction
        now += gap


@pytest.mark.parametrize("exact", [theory.exact_lru_hit_ratio, theory.exact_fifo_hit_ratio])
def test_exact_small_caches(exact):
    """Equal keys hit by share, a cache for all but one key hits best, and too large a sum is refused."""
    p = theory.zipf(6, 1.0)
    ratios = [exact(p, items) for items in range(1, 6)]

    assert exact(theory.zipf(6, 0.0), 3) == pytest.approx(0.5)
    assert (p**2).sum() == pytest.approx(ratios[0])
    assert sorted(ratios) == ratios
    with pytest.raises(BadInput, match="too many to sum"):
        exact(theory.zipf(60, 1.0), 30)
    with pytest.raises(BadInput, match="items must be > 0 and below"):
        exact(p, 6)


def test_approximate_queues_are_exact_where_they_should_be():
    """M/G/c is M/M/c for exponential service and M/G/1 for one worker; slow commands make M/G/1."""
    assert theory.mmc_wait(5.0, 0.4, 3) == pytest.approx(theory.mgc_wait(5.0, 0.4, 0.32, 3))
    assert theory.mg1_wait(0.7, 1.0, 1.5) == pytest.approx(theory.mgc_wait(0.7, 1.0, 1.5))
    assert theory.mg1_wait(2.0, 0.1, 0.01) == pytest.approx(
        theory.head_of_line_wait(2.0, 0.1, 0.0, 1.0)
    )


def test_races_at_their_limits():
    """Without a gap nothing races; small gaps meet the first order; a delete that never comes poisons most."""
    assert theory.stale_set(1.0, 1e-4, 1e-4) == pytest.approx(0.5e-4, rel=1e-3)
    assert theory.stale_set(5.0, 0.1, 0.0) == pytest.approx(0.5 / 1.5)
    assert theory.dual_write_inversion(1e9, 1.0) == pytest.approx(0.5)
    assert theory.inversion_read(1e-3, 1e-4, 1.0) == pytest.approx(0.5e-4 * 1e-3 / 1.1e-3, rel=1e-2)
    assert theory.early_delete_fill(1.0, 0.0) == theory.lagging_fill(1.0, 0.0) == 0.0
    assert theory.quorum_stale_ratio(3, 2, 2) == 0.0


def test_herds_at_their_limits():
    """Loads that take no time make no herd, and a single flight's shares sum to 1."""
    assert theory.herd_miss_ratio(10.0, 1e-9, 1.0) == pytest.approx(1 / 11)
    assert sum(theory.single_flight(3.0, 0.2, 2.0)) == pytest.approx(1.0)
    assert theory.early_refresh(-1.0, 0.2) == 1.0
    assert theory.negative_misses(np.array([1.0, 1.0]), 1e9) == pytest.approx(2e-9)


def test_outages_at_their_limits():
    """Room enough loses no session, a fast database needs no cache, a dead one is refused."""
    p = theory.zipf(1000, 0.9)
    safe = theory.safe_after(p, 100.0, 40.0)

    assert theory.lost_sessions([(10, 1.0, 100)], 1000, 1.0) == 0.0
    assert theory.needed_hit_ratio(10.0, 20.0) == theory.safe_after(p, 10.0, 20.0) == 0.0
    assert theory.cold_hit_ratio(p, 100.0, safe) == pytest.approx(
        theory.needed_hit_ratio(100.0, 40.0)
    )
    assert theory.fork_copy(1e9, 1e9, 1e3) == pytest.approx(1e9)
    assert theory.node_loss_load(0.0, 2) == 1.0
    with pytest.raises(BadInput, match="capacity must be > 0"):
        theory.safe_after(p, 1.0, 0.0)
