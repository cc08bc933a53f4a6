"""MSER-5 and Welch: by hand, against the formula, and the trap of raw flags."""

import math

import numpy as np
import pytest

from cachesim.errors import BadInput
from cachesim.measure.statistics import WarmUp, binned, mean_series, warm_up, welch
from cachesim.rng import stream


def formula(series, batch):
    """Return MSER's answer as the paper writes it, every sum computed from the start."""
    z = binned(series, batch)
    k = len(z)
    errors = [sum((x - z[d:].mean()) ** 2 for x in z[d:]) / (k - d) ** 2 for d in range(k // 2 + 1)]
    return batch * errors.index(min(errors))


@pytest.mark.parametrize("batch", [1, 5])
def test_the_cut_is_where_the_formula_puts_it(batch):
    """10 series that start too low, seed fixed: the one pass finds what the sums find."""
    draw = stream(1, "mser")
    for _ in range(10):
        start = np.exp(-np.arange(200) / draw.uniform(2, 60))
        series = draw.normal(1.0, draw.uniform(0.01, 0.5), 200) - start

        assert formula(series, batch) == warm_up(series, batch).length


def test_a_level_series_needs_no_warm_up():
    """Where nothing changes nothing is cut."""
    assert WarmUp(0, settled=True) == warm_up([0.7] * 100)


def test_a_cut_at_the_edge_is_no_answer():
    """A series that still climbs at its end is cut at the half: too short."""
    assert WarmUp(50, settled=False) == warm_up([float(t) for t in range(100)])


def test_raw_flags_hide_the_warm_up():
    """200 runs of flags whose chance rises from 0 to 0.7: bins of 100 find three times the warm-up, seed fixed."""
    chance = 0.7 * (1 - np.exp(-np.arange(20_000) / 1000))
    draw = stream(2, "flags")
    runs = [(draw.random(20_000) < chance).astype(float) for _ in range(40)]
    flags = np.mean([warm_up(run).length for run in runs])
    bins = np.mean([100 * warm_up(binned(run, 100)).length for run in runs])

    assert bins > 2 * flags
    assert 0.7 - chance[int(bins)] < 0.03 < 0.7 - chance[int(flags)]


def test_bins_are_means_and_drop_the_rest():
    """Seven values in bins of three: two means."""
    assert [2.0, 5.0] == binned([1, 2, 3, 4, 5, 6, 7], 3).tolist()


def test_welch_averages_runs_and_neighbours():
    """The window shrinks at the start (Law's formula): 2 i + 1 values for i below the window."""
    runs = [[0, 4, 8, 8, 8, 8, 8, 8], [2, 4, 6, 10, 8, 8, 8, 8, 99]]
    mean = [1, 4, 7, 9, 8, 8, 8, 8]

    assert mean == mean_series(runs).tolist()
    assert [1, 4, np.mean(mean[:5]), np.mean(mean[1:6]), np.mean(mean[2:7]), 8.2] == pytest.approx(
        welch(runs, window=2)
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: warm_up([1.0] * 19), "at least 20 values, got 19"),
        (lambda: warm_up([1.0] * 20 + [math.nan] * 5), "pieces without a value"),
        (lambda: binned([1.0, 2.0], 3), "size must be >= 1 and <= 2"),
        (lambda: welch([1.0] * 8, 3), "window must be >= 0 and <= 2"),
        (lambda: welch([], 0), "empty"),
    ],
)
def test_bad_input_is_refused(call, sentence):
    """Each rule has its sentence."""
    with pytest.raises(BadInput, match=sentence):
        call()
