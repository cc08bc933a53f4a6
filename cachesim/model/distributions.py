"""Random quantities: service times and latencies in seconds, sizes in bytes."""

import math
from collections.abc import Iterator
from dataclasses import fields
from statistics import NormalDist
from typing import Self

import numpy as np

from cachesim.errors import BadInput
from cachesim.rng import chunked
from cachesim.spec import Delay, Exponent, Spec

Array = np.ndarray


SCALES = ("value", "low", "high", "mean", "median")  # fields in the unit of the numbers


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

    def times(self, factor: float) -> Self:
        """Return the distribution of numbers that are so many times as large.

        >>> Between(low=1.0, high=2.0).times(3)
        Between(low=3.0, high=6.0)
        """
        scales = [each.name for each in fields(self) if each.name in SCALES]
        return self.replace(**{name: factor * getattr(self, name) for name in scales})

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


class Between(Distribution):
    """Every value from `low` to `high` is equally likely (a uniform draw; `popularity.Uniform` is about keys).

    >>> Between(low=60.0, high=120.0).mean
    90.0
    """

    low: Delay = 0.0
    high: Delay = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low > self.high:
            raise BadInput(
                f"Between.low must not be above high ({self.high:g}), got {self.low:g}; exchange them"
            )

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def second_moment(self) -> float:
        """The mean squared, and a twelfth of the width squared."""
        return self.mean**2 + (self.high - self.low) ** 2 / 12

    def quantile(self, u: float) -> float:
        """Go the share `u` of the way from low to high."""
        return self.low + u * (self.high - self.low)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw `size` independent numbers, shape (size,)."""
        return rng.uniform(self.low, self.high, size)


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
