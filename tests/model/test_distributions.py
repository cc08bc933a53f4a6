"""Distributions: moments, quantiles and draws agree."""

import math
from itertools import islice

import pytest

from cachesim.model.distributions import Constant, Distribution, Exponential, Lognormal
from cachesim.rng import CHUNK, stream

# --- distributions

DRAWS = 100_000
ALL = [
    Constant(value=3.0),
    Exponential(mean=2.0),
    Lognormal(median=2.0, sigma=0.5),
    Lognormal(sigma=0.0),
]


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_moments_and_quantiles_are_those_of_the_draws(distribution):
    """Mean and second moment within 99 % of 100,000 draws, quantiles within Kolmogorov's bound; seed fixed."""
    sample = distribution.sample(stream(5, "draws"), DRAWS)
    for power, moment in ((1, distribution.mean), (2, distribution.second_moment)):
        values = sample**power

        assert abs(values.mean() - moment) <= 2.576 * values.std() / math.sqrt(DRAWS) + 1e-9
    if sample.std() > 0:
        for share in (0.1, 0.5, 0.9):
            below = (sample < distribution.quantile(share)).mean()

            assert abs(below - share) < 1.63 / math.sqrt(DRAWS)
    else:
        assert {distribution.quantile(0.5)} == set(sample.tolist())


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_draws_are_the_sample_one_by_one(distribution):
    """Chunks leave no seam, and draws are Python numbers."""
    one_by_one = list(islice(distribution.draws(stream(1, "draws")), CHUNK + 3))
    rng = stream(1, "draws")
    whole = [*distribution.sample(rng, CHUNK), *distribution.sample(rng, CHUNK)[:3]]

    assert whole == one_by_one
    assert {float} == set(map(type, one_by_one))


def test_a_distribution_must_say_how():
    """Nothing is guessed."""
    bare = Distribution()
    for missing in (lambda: bare.mean, lambda: bare.second_moment, lambda: bare.quantile(0.5)):
        with pytest.raises(NotImplementedError):
            missing()
    with pytest.raises(NotImplementedError):
        next(bare.draws(stream(1, "draws")))
