"""Which key a request asks for: Zipf, uniform, drifting, or swept by a scan."""

import numpy as np

from cachesim.spec import Count, Exponent, Share, Spec
from cachesim.theory import zipf

Array = np.ndarray


class Popularity(Spec):
    """A way to choose keys out of 0 .. keys - 1; number 0 is the most popular where that is defined."""

    keys: Count = 10_000

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return the key numbers of `size` requests, the first of which is request number `first`."""
        raise NotImplementedError


class Uniform(Popularity):
    """Every key alike: the case in which a cache helps only by its size."""

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return independent, equally likely key numbers."""
        return rng.integers(self.keys, size=size)


class Zipf(Popularity):
    """The key of rank r is asked with probability proportional to 1 / r ** skew.

    >>> Zipf(keys=2, skew=1.0).probabilities().round(3).tolist()
    [0.667, 0.333]
    """

    skew: Exponent = 0.99

    def probabilities(self) -> Array:
        """Return the probability of each key, shape (keys,)."""
        return zipf(self.keys, self.skew)

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return independent key numbers by inversion."""
        return np.searchsorted(self._cumulative(), rng.random(size), side="right")

    def _cumulative(self) -> Array:
        if "_sums" not in self.__dict__:  # as expensive as the whole run for 10⁶ keys: once a spec
            sums = np.cumsum(self.probabilities())
            sums[-1] = 1.0  # rounding must not leave a draw beyond the last key
            object.__setattr__(self, "_sums", sums)
        return self.__dict__["_sums"]  # type: ignore[no-any-return]


class Drift(Zipf):
    """Zipf whose ranking moves on: after every `requests_per_step` requests each rank belongs to the next key.

    Yesterday's favourites cool down, so counting uses for ever (LFU) goes wrong where recency does not.
    """

    requests_per_step: Count = 20

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return key numbers, shifted by one for every step that has passed."""
        steps = (first + np.arange(size)) // self.requests_per_step
        return (super().pick(rng, size, first) + steps) % self.keys


class Scan(Zipf):
    """Zipf with a sweep through all keys in order mixed in: a report, a backup or a crawler.

    `share` of the requests belong to the sweep, spread evenly.
    """

    share: Share = 0.2

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Return key numbers, of which the sweep's follow each other."""
        swept = np.floor((first + np.arange(size + 1)) * self.share).astype(np.int64)
        return np.where(np.diff(swept) > 0, swept[:-1] % self.keys, super().pick(rng, size, first))
