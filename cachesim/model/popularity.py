"""How requests choose their keys: Zipf, uniform, drifting, or with a scan."""

import numpy as np

from cachesim.spec import Count, Exponent, Share, Spec
from cachesim.theory import zipf

Array = np.ndarray


class Popularity(Spec):
    """How requests choose among the key numbers 0 .. keys - 1; 0 is the most popular, if there is one."""

    keys: Count = 10_000

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Draw the key numbers of `size` requests, shape (size,); the first is request number `first`."""
        raise NotImplementedError


class Uniform(Popularity):
    """All keys are equally popular: a cache helps only by its size."""

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Draw independent, equally likely key numbers."""
        return rng.integers(self.keys, size=size)


class Zipf(Popularity):
    """The key of rank r is chosen with a probability proportional to 1 / r ** skew.

    >>> Zipf(keys=2, skew=1.0).probabilities().round(3).tolist()
    [0.667, 0.333]
    """

    skew: Exponent = 0.99

    def probabilities(self) -> Array:
        """Compute the probability of each key, shape (keys,)."""
        return zipf(self.keys, self.skew)

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Draw independent key numbers by inversion."""
        return np.searchsorted(self._cumulative(), rng.random(size), side="right")

    def _cumulative(self) -> Array:
        if "_sums" not in self.__dict__:  # for 10⁶ keys as slow as the whole run: once per spec
            sums = np.cumsum(self.probabilities())
            sums[-1] = 1.0  # or rounding may put a draw beyond the last key
            object.__setattr__(self, "_sums", sums)
        return self.__dict__["_sums"]  # type: ignore[no-any-return]


class Drift(Zipf):
    """Zipf whose ranking moves: after every `requests_per_step` requests each rank belongs to the next key.

    Popular keys become unpopular. LFU keeps counting their old uses and fails; recency does not.
    """

    requests_per_step: Count = 20

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Draw key numbers, shifted by one for each step that has passed."""
        steps = (first + np.arange(size)) // self.requests_per_step
        return (super().pick(rng, size, first) + steps) % self.keys


class Scan(Zipf):
    """Zipf mixed with a scan through all keys in order: a report, a backup or a crawler.

    The share `share` of the requests belongs to the scan, spread evenly.
    """

    share: Share = 0.2

    def pick(self, rng: np.random.Generator, size: int, first: int) -> Array:
        """Draw key numbers; those of the scan follow each other."""
        swept = np.floor((first + np.arange(size + 1)) * self.share).astype(np.int64)
        return np.where(np.diff(swept) > 0, swept[:-1] % self.keys, super().pick(rng, size, first))
