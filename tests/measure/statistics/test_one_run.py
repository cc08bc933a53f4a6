"""Batch means and bootstrap: by hand, against closed forms, and how often they cover, once."""

import math

import numpy as np
import pytest
from scipy.special import betaincinv

from cachesim.errors import BadInput
from cachesim.measure.statistics import batch_means, interval, quantile_interval
from cachesim.rng import stream


def waits(draw, number):
    """Return the waits of an M/M/1 queue at 80 % load, by Lindley's recursion, after 2,000 customers."""
    steps = draw.exponential(0.8, number + 2000) - draw.exponential(1.0, number + 2000)
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return (total - np.minimum.accumulate(total))[2000:-1]


def test_the_interval_is_that_of_the_means():
    """Three values are left over by 8 batches of 2."""
    values = [float(x) for x in (5, 7, 1, 3, 9, 9, 2, 4, 6, 6, 8, 2, 3, 3, 1, 9, 100, 100, 100)]
    found = batch_means(values, batches=8)

    assert interval([6.0, 2.0, 9.0, 3.0, 6.0, 5.0, 3.0, 5.0]) == pytest.approx(found.interval)
    assert 2 == found.size


def test_the_check_sees_batches_that_remember():
    """Waits of a queue in batches of 20 depend on each other; in batches of 20,000 they do not."""
    values = waits(stream(1, "waits"), 400_000)

    assert not batch_means(values[:2000], batches=100).independent
    assert batch_means(values, batches=20).independent


def test_the_check_errs_as_often_as_it_says():
    """2,000 samples without correlation: 10 % are doubted, within 2.576 standard errors (99 %), seed fixed."""
    samples = stream(2, "doubt").normal(size=(2000, 20))
    doubted = np.mean([not batch_means(s, batches=20).independent for s in samples])

    assert abs(doubted - 0.1) < 2.576 * math.sqrt(0.1 * 0.9 / 2000)


def test_one_by_one_the_requests_of_a_run_deceive():
    """100 runs of 20,000 waits, seed fixed: one by one they cover under half, 20 batch means over 80 %."""
    draw = stream(3, "one run")
    truth = 0.8 / 0.2 * 0.8  # mean wait of M/M/1: rho / (mu - lambda)
    runs = [waits(draw, 20_000) for _ in range(100)]
    single = sum(i.low <= truth <= i.high for i in map(interval, runs))
    batched = sum(i.low <= truth <= i.high for i in (batch_means(run).interval for run in runs))

    assert single < 50
    assert batched > 80


def ideal_bootstrap(values, q, confidence=0.95):
    """Return the bounds that infinitely many resamples give (Efron 1979, 10): an order statistic's are known.

    The k-th smallest of a resample is at most the j-th smallest value with probability I_{j/n}(k, n - k + 1).
    """
    ordered, n = np.sort(values), len(values)
    k = round(q * (n - 1)) + 1
    places = [n * betaincinv(k, n - k + 1, 0.5 + half / 2) for half in (-confidence, confidence)]
    return [ordered[math.ceil(place) - 1] for place in places]


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_resampling_comes_near_what_it_samples(q):
    """4,000 resamples of 1,001 values: the bounds lie within 12 ranks of those of all resamples."""
    values = stream(4, "quantile").exponential(size=1001)
    found = quantile_interval(values, q, resamples=4000)
    ranks = np.searchsorted(np.sort(values), [found.low, found.high])
    ideal = np.searchsorted(np.sort(values), ideal_bootstrap(values, q))

    assert np.quantile(values, q) == found.mean
    assert max(abs(ranks - ideal)) <= 12 * math.sqrt(q * (1 - q)) + 1


def test_scipy_finds_the_same():
    """The percentile interval of scipy.stats.bootstrap, up to the luck of 4,000 resamples."""
    from scipy.stats import bootstrap

    values = stream(5, "scipy").normal(10.0, 1.0, 500)
    theirs = bootstrap(
        (values,), np.median, n_resamples=4000, method="percentile", rng=stream(6, "scipy")
    ).confidence_interval

    assert pytest.approx(theirs, abs=0.01) == quantile_interval(values, 0.5, resamples=4000)[1:]


def test_blocks_keep_together_what_belongs_together():
    """Waits of one run: blocks of a twentieth give an interval several times as wide, as it should be."""
    values = waits(stream(7, "blocks"), 20_000)
    alone, blocks = (quantile_interval(values, 0.9, block=b, resamples=200) for b in (1, 1000))

    assert blocks.half_width > 3 * alone.half_width


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: batch_means([1.0] * 100, batches=7), "batches must be >= 8 and <= 100"),
        (lambda: batch_means([1.0] * 10), "got 20"),
        (lambda: quantile_interval([1.0] * 100, 1.0), "q must lie between 0 and 1"),
        (lambda: quantile_interval([1.0] * 100, 0.5, block=13), "at least 8 blocks"),
    ],
)
def test_bad_input_is_refused(call, sentence):
    """Each rule has its sentence."""
    with pytest.raises(BadInput, match=sentence):
        call()


def test_no_scatter_no_doubt():
    """Equal values: an interval without width, and nothing to correlate."""
    found = batch_means([3.0] * 100)

    assert (3.0, 3.0, 3.0) == found.interval
    assert (0.0, True) == (found.lag1, found.independent)
