"""Random quantities: service times and latencies in seconds, sizes in bytes."""

import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from cachesim.rng import chunked
from cachesim.spec import Delay, Exponent, Spec

Array = np.ndarray


class Distribution(Spec):
    """A distribution of numbers >= 0; subclasses define `mean`, `second_moment`, `quantile` and `sample`."""

    @property
    def mean(self) -> float:
        """The expected value."""
        raise NotImplementedError

    @property
    def second_moment(self) -> float:
        """The expected square, which queueing formulas need."""
        raise NotImplementedError

    def quantile(self, u: float) -> float:
        """Compute the value below which a share `u` of the draws lies (0 < u < 1)."""
        raise NotImplementedError

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw `size` independent numbers, shape (size,)."""
        raise NotImplementedError

    def draws(self, rng: np.random.Generator) -> Iterator[float]:
        """Yield independent draws without end."""
        return chunked(lambda size: self.sample(rng, size))


class Constant(Distribution):
    """Always the same value.

    >>> Constant(value=3.0).mean
    3.0
    """

    value: Delay = 0.0

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def second_moment(self) -> float:
        """The value squared."""
        return self.value**2

    def quantile(self, u: float) -> float:
        """Return the value, for any `u`."""
        return self.value

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Repeat the value `size` times."""
        return np.full(size, self.value)


class Exponential(Distribution):
    """Memoryless, with the given mean; the service time of M/M/c.

    >>> round(Exponential(mean=2.0).quantile(0.5), 3)
    1.386
    """

    mean: Delay = 1.0  # a field here, a property elsewhere

    @property
    def second_moment(self) -> float:
        """Twice the mean squared."""
        return 2 * self.mean**2

    def quantile(self, u: float) -> float:
        """Compute -mean * ln(1 - u)."""
        return -self.mean * math.log1p(-u)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw `size` independent numbers, shape (size,)."""
        return rng.exponential(self.mean, size)


class Lognormal(Distribution):
    """Skewed to the right, as latencies and object sizes are: exp of a normal variable with this sigma.

    >>> Lognormal(median=150.0, sigma=0.0).mean
    150.0
    """

    median: Delay = 1.0
    sigma: Exponent = 0.5  # of the logarithm; 0 gives a constant

    @property
    def mean(self) -> float:
        """The median times exp(sigma² / 2)."""
        return self.median * _exp(self.sigma**2 / 2)

    @property
    def second_moment(self) -> float:
        """The median squared times exp(2 sigma²)."""
        return self.median**2 * _exp(2 * self.sigma**2)

    def quantile(self, u: float) -> float:
        """Compute median * exp(sigma * z), where z is the normal quantile of u."""
        return self.median * _exp(self.sigma * NormalDist().inv_cdf(u))

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw `size` independent numbers, shape (size,)."""
        return self.median * np.exp(self.sigma * rng.standard_normal(size))


def _exp(x: float) -> float:
    """Compute e to the x; inf if that is larger than any float."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
