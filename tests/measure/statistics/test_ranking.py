"""Who is best: by hand, and how often the ranking is right."""

import math

import numpy as np
import pytest

from cachesim.errors import BadInput
from cachesim.experiments.rankings import rank
from cachesim.measure.statistics import Interval, interval, ranking
from cachesim.rng import stream


def test_two_alternatives_by_hand():
    """With two, it is a one-sided paired t-interval: t(0.95, 3) = 2.3534, from printed tables."""
    samples = {"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 2.0, 4.0, 4.0]}
    half = 2.3533634 * math.sqrt(1 / 3) / math.sqrt(4)
    found = ranking(samples, worth=0.1)

    assert ["b", "a"] == [place.name for place in found.places]
    assert pytest.approx((0.5, min(0, 0.5 - half), 0.5 + half)) == found.places[0].ahead
    assert pytest.approx((-0.5, -0.5 - half, max(0, -0.5 + half))) == found.places[1].ahead
    assert math.ceil((2.3533634 * math.sqrt(1 / 3) / 0.1) ** 2) == found.enough
    assert (4, False) == (found.replications, found.decided)


def test_low_is_the_good_end():
    """Signs turn, means do not."""
    samples = {"slow": [9.0, 9.1, 9.2], "fast": [1.0, 1.1, 1.3], "middle": [4.0, 4.1, 4.2]}
    low, high = ranking(samples, best="low"), ranking(samples)

    assert (["fast"], ["slow"]) == (low.may_be_best, high.may_be_best)
    assert ["fast", "middle", "slow"] == [place.name for place in low.places]
    assert pytest.approx([17 / 15, 4.1, 9.1]) == [place.mean for place in low.places]
    assert low.places[0].ahead.low == 0 < low.places[0].ahead.high


def test_equals_may_all_be_best():
    """Without scatter and without a lead nobody is out."""
    found = ranking({"a": [0.0] * 3, "b": [0.0] * 3, "c": [1.0] * 3}, best="low")

    assert ["a", "b"] == found.may_be_best
    assert Interval(0.0, 0.0, 0.0) == found.places[0].ahead


def test_the_sentence_says_what_is_known():
    """The best, or those that may be the best and the replications it takes; in the metric's unit."""
    clear = rank({"a": [0.1, 0.2, 0.3], "b": [0.5, 0.6, 0.71]}, "hit_ratio", None, 0.95)
    samples = {"a": [1.0, 2.0, 3.0], "b": [2.0, 2.0, 3.0]}
    open_, plain = rank(samples, "read_p99", 0.5, 0.95), ranking(samples, best="low", worth=0.5)

    assert "With 95 % confidence, after 3 replications: b is the best." == clear.sentence
    assert open_.sentence.endswith(
        "a, b; 12 replications find it, if it is at least 500 ahead of the second."
    )
    assert plain.sentence.endswith("if it is at least 0.5 ahead of the second.")
    assert "a: mean 2, ahead of the best other by -0.64 to +1.31; may be best" in str(plain)
    assert "rank by hit ratio (%)" in str(clear)
    assert "60.33" in str(clear)


@pytest.mark.parametrize(
    ("samples", "options", "sentence"),
    [
        ({"a": [1.0, 2.0]}, {}, "two alternatives or more"),
        ({}, {}, "two alternatives or more"),
        ({"a": [1.0], "b": [1.0]}, {}, "2 replications or more"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]}, {}, "same 2 replications"),
        ({"a": [1.0, 2.0], "b": [1.0, math.nan]}, {}, "b is undefined"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, {"best": "most"}, 'best must be "high" or "low"'),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, {"worth": 0}, "worth must be > 0"),
        ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, {"confidence": 2}, "between 0 and 1"),
    ],
)
def test_bad_input_is_refused(samples, options, sentence):
    """Each rule has its sentence."""
    with pytest.raises(BadInput, match=sentence):
        ranking(samples, **options)


def drawn(draw, means, n):
    """Return replications with common luck: correlation 0.8 between the alternatives."""
    shared = draw.normal(0.0, 2.0, n)
    return {str(k): m + shared + draw.normal(0.0, 1.0, n) for k, m in enumerate(means)}


def test_the_best_is_among_those_named():
    """1,000 rankings of five, three of them equal first: at least 95 % less 2.576 standard errors name the best."""
    draw = stream(1, "ranking")
    means = [0.0, 1.0, 1.0, 1.0, 0.5]
    named = [ranking(drawn(draw, means, 8)).may_be_best for _ in range(1000)]
    right = [np.mean([best in names for names in named]) for best in "123"]

    assert min(right) > 0.95 - 2.576 * math.sqrt(0.95 * 0.05 / 1000)
    assert np.mean(["0" in names for names in named]) < 0.95  # and it does leave out the worst


def test_two_stages_find_the_best():
    """300 times: 10 replications say how many; after those the first is the best one, in 95 % or more."""
    draw = stream(2, "two stages")
    right = 0
    for _ in range(300):
        means = [0.0, 0.0, 0.0, 1.0]  # the hardest case: all others are just as far behind
        first = drawn(draw, means, 10)
        needed = ranking(first, worth=1.0).enough - 10
        rest = drawn(draw, means, needed)
        whole = {name: np.concatenate([first[name], rest[name]]) for name in first}
        right += ranking(whole).places[0].name == "3"

    assert right / 300 > 0.95 - 2.576 * math.sqrt(0.95 * 0.05 / 300)


def test_intervals_of_a_pair_agree_with_the_paired_difference():
    """Two alternatives at 97.5 %: the same bound as the two-sided interval at 95 %."""
    draw = stream(3, "pair")
    a, b = draw.normal(5, 1, 12), draw.normal(3, 1, 12)
    found = ranking({"a": a, "b": b}, confidence=0.975)

    assert interval((a - b).tolist()).high == pytest.approx(found.places[0].ahead.high)
