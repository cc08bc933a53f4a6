"""Intervals against known values, and once against the truth."""

import math

import numpy as np
import pytest

from cachesim.measure.statistics import (
    Interval,
    interval,
    paired_difference,
    variance_reduction,
)
from cachesim.rng import stream

T_95_4, T_99_4 = (
    2.7764451052,
    4.6040948713,
)  # Student's t with 4 degrees of freedom, from printed tables


@pytest.mark.parametrize(("confidence", "t"), [(0.95, T_95_4), (0.99, T_99_4)])
def test_an_interval_by_hand(confidence, t):
    """Mean 3, deviation sqrt(2.5): the half width is t · sqrt(2.5 / 5)."""
    found = interval([1.0, 2.0, 3.0, 4.0, 5.0], confidence)

    assert 3.0 == found.mean
    assert t * math.sqrt(0.5) == pytest.approx(found.half_width)
    assert 6.0 == pytest.approx(found.low + found.high)


def test_no_value_one_value_undefined_values():
    """No value has no mean; one has no bounds; an undefined one makes everything so."""
    assert all(map(math.isnan, interval([])))
    assert 7.0 == interval([7.0]).mean
    assert all(map(math.isnan, interval([7.0])[1:]))
    assert math.isnan(interval([7.0]).half_width)
    assert all(map(math.isnan, interval([1.0, math.nan, 2.0])))


def test_equal_values_have_no_width():
    """No scatter, no doubt."""
    assert Interval(0.1, 0.1, 0.1) == interval([0.1] * 10)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.2, True),
        (-0.2, -0.1, True),
        (-0.1, 0.1, False),
        (0.0, 0.1, False),
        (math.nan, math.nan, False),
    ],
)
def test_a_difference_is_shown_on_one_side_of_zero(low, high, expected):
    """An interval that touches 0 shows none, an undefined one neither."""
    assert expected == Interval(0.0, low, high).shows_difference


def test_pairs_cancel_what_they_share():
    """Paired by replication: what varies together disappears."""
    shared = [10.0, -3.0, 55.0, 1.0]
    found = paired_difference([x + d for x, d in zip(shared, [1, 2, 1, 2], strict=True)], shared)

    assert 1.5 == found.mean
    assert found.shows_difference
    assert interval([1, 2, 1, 2]) == pytest.approx(found)


def test_pairs_must_match():
    """Replication k of one belongs to replication k of the other."""
    with pytest.raises(ValueError, match="zip"):
        paired_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize("confidence", [0.80, 0.95, 0.99])
def test_intervals_cover_as_often_as_they_say(confidence):
    """20,000 intervals over 5 normal values each: coverage within 2.576 standard errors (99 %), seed fixed."""
    samples = stream(1, "coverage").normal(2.0, 3.0, size=(20_000, 5)).tolist()
    covered = np.mean([i.low <= 2.0 <= i.high for i in (interval(s, confidence) for s in samples)])

    assert abs(covered - confidence) < 2.576 * math.sqrt(confidence * (1 - confidence) / 20_000)


def test_pairing_reduces_the_variance():
    """(var X + var Y) / var(X - Y), by hand: (2.5 + 2.5) / 0.3 where the luck is shared, below 1 where it is not."""
    ours, theirs = [1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 4.0, 4.0, 4.0]
    shared = (2.5 + 2.0) / 0.5

    assert shared == pytest.approx(variance_reduction(ours, theirs))
    assert 0.5 == pytest.approx(variance_reduction(ours, ours[::-1]))


def test_variance_reduction_without_scatter():
    """Equal pairs cannot be bettered; without any scatter, or one pair, there is nothing to reduce."""
    assert math.inf == variance_reduction([1.0, 2.0], [2.0, 3.0])
    assert math.isnan(variance_reduction([1.0, 1.0], [2.0, 2.0]))
    assert math.isnan(variance_reduction([1.0], [2.0]))
