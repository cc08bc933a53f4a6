"""How many replications: by hand, and number for number what sim-tools 1.3 finds on the same values."""

import math

import numpy as np
import pytest

from cachesim.errors import BadInput
from cachesim.measure.statistics import interval, precisions, replications_needed
from cachesim.rng import stream

STEADY = [10.0, 10.1, 9.9, 10.0, 10.1, 9.9, 10.0, 10.1]


def test_precision_is_the_half_width_over_the_mean():
    """After each value it is what `interval` says of the values so far; the first has none."""
    values = stream(1, "precision").normal(-5.0, 2.0, 50).tolist()
    expected = [interval(values[:n]) for n in range(2, 51)]

    assert math.isnan(precisions(values)[0])
    assert pytest.approx([-i.half_width / i.mean for i in expected]) == precisions(values)[1:]


def test_the_look_ahead_must_be_over():
    """Precise from the third on: five more must stay so before the answer is given."""
    assert [None] * 8 + [3] == [replications_needed(STEADY[:n]) for n in range(9)]


def test_a_lapse_starts_the_search_anew():
    """An outlier within the look-ahead: the answer lies behind it."""
    values = [*STEADY[:6], 14.0, *STEADY * 3]
    needed = replications_needed(values)
    reached = precisions(values)

    assert needed is not None
    assert needed > 7
    assert reached[needed - 2] > 0.05 >= max(reached[needed - 1 : needed + 5])


def test_the_answer_does_not_change_when_more_are_run():
    """It depends on the values up to the end of the look-ahead only."""
    values = stream(2, "more").normal(1.0, 0.3, 400).tolist()
    answers = {replications_needed(values[:n], 0.04) for n in range(401)} - {None}

    assert 1 == len(answers)


def test_above_a_hundred_the_look_ahead_is_a_share():
    """Precise from the 249th on: 5 per cent of 249 more must be so too, 12."""
    values = [1.0 + 0.4 * (-1) ** n for n in range(300)]
    reached = next(n for n, p in enumerate(precisions(values), 1) if p <= 0.05)

    assert 249 == reached
    assert replications_needed(values[: 249 + 11], 0.05) is None
    assert 249 == replications_needed(values[: 249 + 12], 0.05)


def test_what_can_never_be_precise():
    """NaN is not precise; zeros are known exactly; a mean of 0 with scatter has no precision."""
    assert replications_needed([*STEADY, math.nan, *STEADY]) == 3
    assert replications_needed([math.nan, *STEADY * 3]) is None
    assert replications_needed([0.0] * 8) == 3
    assert [math.inf] * 2 == precisions([1.0, -1.0, 0.0])[1:]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"precision": 0.0}, "precision must be > 0"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1"),
        ({"start": 1}, "start must be >= 2"),
        ({"look_ahead": -1}, "look_ahead must be >= 0"),
    ],
)
def test_bad_input_is_refused(options, sentence):
    """Each rule has its sentence."""
    with pytest.raises(BadInput, match=sentence):
        replications_needed(STEADY, **options)


class Replay:
    """What sim-tools calls a model: it gives value after value."""

    def __init__(self, values):
        self.values = values

    def single_run(self, replication_number):
        return {"x": self.values[replication_number]}


@pytest.mark.filterwarnings("ignore")
def test_sim_tools_finds_the_same():
    """40 series of normal values with a deviation of 5 to 50 per cent of the mean, seed fixed: all equal."""
    from sim_tools.output_analysis import ReplicationsAlgorithm

    draw = stream(3, "sim-tools")
    series = [draw.normal(10.0, 10.0 * s, 400) for s in np.linspace(0.05, 0.5, 40)]
    peer = [
        ReplicationsAlgorithm(half_width_precision=0.1, replication_budget=400).select(
            Replay(values), ["x"]
        )[0]["x"]
        for values in series
    ]

    assert peer == [replications_needed(values.tolist(), 0.1) for values in series]
    assert len(set(peer)) > 20
    assert max(peer) > 80
