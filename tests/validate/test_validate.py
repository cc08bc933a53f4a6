"""Oracles: how a row is judged, that no prediction is taken from the runs, and that runs are independent."""

import math

import pytest

from cachesim.errors import BadInput
from cachesim.validate.oracle import Oracle, OracleRow, judge
from cachesim.validate.run import ORACLES, oracle, validate


def row(predicted, low, high):
    """Return a row with this interval."""
    return OracleRow("x", {}, predicted, (low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("predicted", "low", "high", "ok"),
    [
        (1.0, 0.97, 1.03, True),
        (0.96, 0.97, 1.03, False),
        (1.04, 0.97, 1.03, False),
        (1.0, 0.94, 1.06, False),  # a short run does not pass by being vague
        (0.0, 0.0, 0.0, True),
        (0.0, -0.1, 0.1, False),
        (1.0, math.nan, math.nan, False),
    ],
)
def test_a_row_is_ok_if_its_interval_is_narrow_and_holds_the_prediction(predicted, low, high, ok):
    """Inside, and a half-width of at most 5 % of the value."""
    assert ok == row(predicted, low, high).ok


def test_a_wrong_prediction_is_not_ok():
    """An oracle whose formula is off by a twentieth is found out."""
    right = ORACLES["ttl-hit-ratio"]
    wrong = right._replace(predict=lambda **point: 0.95 * right.predict(**point))
    point = right.points[1]
    values = [right.simulate(seed, **point) for seed in right.seeds(1, seed=3)]

    assert judge(right, point, values).ok
    assert not judge(wrong, point, values).ok


def test_every_oracle_has_three_points_or_more():
    """As many as it takes to see that agreement is no accident; names are in kebab case and told apart."""
    for name, one in ORACLES.items():
        assert len(one.points) >= 3, name
        assert len({str(point) for point in one.points}) == len(one.points), name
        assert name == name.lower().replace("_", "-")
        assert one.source


def test_predictions_are_numbers_of_their_own():
    """Theory answers every point without a run."""
    for one in ORACLES.values():
        for point in one.points:
            assert math.isfinite(one.predict(**point)), (one.name, point)


def test_no_two_points_share_a_seed():
    """Every run of every point draws its own numbers."""
    seeds = [
        seed for one in ORACLES.values() for number in range(len(one.points)) for seed in one.seeds(number, 1)
    ]  # fmt: skip

    assert len(set(seeds)) == len(seeds)


def test_a_seed_decides_everything():
    """The same seed gives the same row, in one process or two; another one another."""
    first = validate(["never-stale", "exact-lru"], quick=True, n_jobs=1)

    assert first == validate(["never-stale", "exact-lru"], quick=True, n_jobs=2)
    assert first != validate(["never-stale", "exact-lru"], quick=True, n_jobs=1, seed=2)


def test_an_unknown_oracle_is_refused():
    """The sentence names the nearest."""
    with pytest.raises(BadInput, match='no oracle "che-lur"; did you mean "che-lru"'):
        oracle("che-lur")


def test_an_oracle_is_a_name_and_two_functions():
    """What predicts and what simulates take the point's parameters by name."""
    exact = Oracle("x", "", "", lambda a: a, lambda seed, a: a + 1e-9 * seed, ({"a": 1.0},))
    values = [exact.simulate(seed, a=1.0) for seed in (-1, 0, 1)]

    assert judge(exact, {"a": 1.0}, values).ok
