"""The arithmetic of a fleet: classes of ranks against whole arrays, shares against draws, work against P7."""

import numpy as np
import pytest

from cachesim import theory
from cachesim.rng import stream

SKEWS = (0.0, 0.8, 0.99, 1.2)


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("keys", [1, 7, 999, 1001, 200_000])
def test_classes_are_as_good_as_all_ranks(keys, skew):
    """Top, sum of squares and number of keys; up to 1000 keys exactly."""
    whole, classes = theory.zipf(keys, skew), theory.zipf_classes(keys, skew)
    near = 1e-12 if keys < 1000 else 1e-5

    assert keys == classes.counts.sum()
    assert whole[0] == pytest.approx(classes.top, rel=near)
    assert (whole**2).sum() == pytest.approx(classes.squares, rel=near)


@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("wanted", [0.3, 0.9])
def test_items_for_is_the_inverse_of_lru(skew, wanted):
    """Che's hit ratio at that many items is what was wanted."""
    items = theory.items_for(wanted, theory.zipf_classes(50_000, skew))

    assert theory.lru_hit_ratio(theory.zipf(50_000, skew), items) == pytest.approx(wanted, abs=1e-4)


def test_all_items_for_every_hit():
    """A hit ratio of 1 needs every key."""
    assert 50_000 == theory.items_for(1.0, theory.zipf_classes(50_000, 0.99))


@pytest.mark.parametrize("skew", SKEWS)
def test_the_busiest_share_is_that_of_random_places(skew):
    """The mean of 400 random placements, within four of its standard errors and the formula's own 2 %."""
    rng, p, shards = stream(1, "places"), theory.zipf(20_000, skew), 10
    drawn = [np.bincount(rng.integers(0, shards, len(p)), p, shards).max() for _ in range(400)]
    error = 4 * np.std(drawn) / 20 + 0.02 * np.mean(drawn)

    assert theory.hottest_shard(p, shards) == pytest.approx(np.mean(drawn), abs=error)


def test_the_busiest_share_falls_with_every_shard():
    """So that a bisection finds the least number of shards."""
    for skew in SKEWS:
        ranks = theory.zipf_classes(10_000, skew)
        shares = [theory.busiest_share(ranks.top, ranks.squares, n) for n in range(1, 501)]

        assert 1 == pytest.approx(shares[0])
        assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("replicas", [1, 2, 5])
@pytest.mark.parametrize("writes", [0.05, 0.2, 0.5])
def test_node_work_is_the_read_scaling_of_p7(writes, replicas):
    """If a replica works as long on a write as its primary, the even split of reads is the best one."""
    times = {"write": 1e-5, "apply": 1e-5, "read": 1e-5}
    work = theory.node_work(1 - writes, writes, replicas, 1 / (1 + replicas), **times)
    best = theory.replicated_throughput(writes, replicas, **times)

    assert 1 / work == pytest.approx(best)
    for share in (0.0, 0.5, 1.0):
        work = theory.node_work(1 - writes, writes, replicas, share, **times)
        assert 1 / work <= best * (1 + 1e-9)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_cold_node_is_refilled_as_p8_says(share):
    """All keys dealt to four nodes: at that time they have lost 1 - share of the hits, all together."""
    p, rate = theory.zipf(20_000, 0.99), 2000.0
    after = theory.refill_time(theory.zipf_classes(20_000, 0.99), rate, share)
    nodes = [p[stream(1, "cold").permutation(len(p)) % 4 == node] for node in range(4)]
    hits = sum(theory.cold_node_hit_ratio(cold.sum(), cold, rate, after) for cold in nodes)

    assert hits == pytest.approx(share, abs=1e-4)


def test_packets_have_headers():
    """66 bytes for each 1448 of payload; a message of no bytes has no packet."""
    assert [66 + 1, 66 + 1448, 132 + 1449] == [theory.on_the_wire(n) for n in (1, 1448, 1449)]
