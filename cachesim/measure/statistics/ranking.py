"""Which of several alternatives is best, with a stated probability of being right.

The alternatives of one replication share their random numbers, and so their luck. Therefore everything here rests on
paired differences. Bonferroni's inequality holds for any correlation between them.

References
----------
Edwards & Hsu, "Multiple comparisons with the best treatment", Journal of the American Statistical
Association 78 (1983), 965-971: the intervals, and who may be best.
Clark & Yang, "A Bonferroni selection procedure when using common random numbers with unknown variances",
Winter Simulation Conference 1986, 313-315: how many replications.
Nelson & Matejcik, "Using common random numbers for indifference-zone selection and multiple comparisons in
simulation", Management Science 41 (1995), 1935-1945: both at once.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.measure.statistics.intervals import Interval


class Place(NamedTuple):
    """One alternative in a ranking."""

    name: str
    mean: float
    ahead: (
        Interval  # its mean minus the best mean of the others; wholly below 0: it is not the best
    )
    may_be_best: bool


class Ranking(NamedTuple):
    """The alternatives, the best mean first, and which of them may truly be the best."""

    places: list[Place]
    confidence: float  # probability that all intervals hold and that the best is in `may_be_best`
    replications: int  # of each alternative
    worth: float | None = None  # the smallest difference that matters
    enough: int | None = None  # replications that find the best, if it is `worth` ahead

    @property
    def may_be_best(self) -> list[str]:
        """The names of the alternatives that may be the best; a single name is the best."""
        return [place.name for place in self.places if place.may_be_best]

    @property
    def decided(self) -> bool:
        """Whether one alternative is shown to be the best."""
        return len(self.may_be_best) == 1

    def __str__(self) -> str:
        return "\n".join([*map(_line, self.places), self.sentence])

    @property
    def sentence(self) -> str:
        """What the ranking shows, in one sentence."""
        sure = (
            f"With {100 * self.confidence:g} % confidence, after {self.replications} replications"
        )
        if self.decided:
            return f"{sure}: {self.may_be_best[0]} is the best."
        return f"{sure}: the best is one of {', '.join(self.may_be_best)}{self._advice()}."

    def _advice(self) -> str:
        if self.worth is None or self.enough is None:
            return ""
        lead = self._shown(self.worth)
        return (
            f"; {self.enough:,} replications find it, if it is at least {lead} ahead of the second"
        )

    def _shown(self, difference: float) -> str:
        return f"{difference:.3g}"


def ranking(
    samples: Mapping[str, Sequence[float]],
    *,
    best: str = "high",
    worth: float | None = None,
    confidence: float = 0.95,
) -> Ranking:
    """Rank alternatives by their means; the best is among those that `may_be_best`, at this confidence.

    Two stages find how many replications are enough. First rank about ten replications, with the smallest
    difference that matters as `worth`. Then run `enough` replications in all and rank again. The first place
    now goes to the best alternative, with at least this probability, if it is truly `worth` ahead of the second.
    If it is not, the first place goes to one that is nearly as good. The promise holds for values that are nearly
    normal, as means of long runs are.

    Parameters
    ----------
    samples : mapping
        Name -> one value per replication; the k-th values of all alternatives share their random numbers.
    best : str
        "high" or "low": which end of the scale is the good one.
    worth : float, optional
        The smallest difference of two means that matters, in the unit of the values.
    confidence : float
        The probability that all statements hold together.

    Returns
    -------
    Ranking
        One place per alternative. `place.ahead` is its mean minus the best mean of the others, with the sign
        turned for "low", so that more is always better.

    Raises
    ------
    BadInput
        Fewer than two alternatives, fewer than two replications, unequal numbers, undefined values.

    Examples
    --------
    >>> samples = {"lru": [0.70, 0.72, 0.71], "lfu": [0.75, 0.77, 0.76], "fifo": [0.66, 0.69, 0.68]}
    >>> found = ranking(samples, worth=0.01)
    >>> found.may_be_best, found.enough
    (['lfu'], 7)
    >>> print(found)
    lfu: mean 0.76, ahead of the best other by +0 to +0.05; may be best
    lru: mean 0.71, ahead of the best other by -0.05 to +0
    fifo: mean 0.6767, ahead of the best other by -0.0977 to +0
    With 95 % confidence, after 3 replications: lfu is the best.
    """
    values = _checked(samples, best, confidence, worth)
    n = values.shape[1]
    t = _one_sided_t(confidence, len(values), n - 1)
    lead = np.array([(row - values).mean(axis=1) for row in values])
    scatter = np.array([(row - values).std(axis=1, ddof=1) for row in values])
    width = t * scatter / math.sqrt(n)
    enough = None if worth is None else max(n, math.ceil((t * scatter.max() / worth) ** 2))
    return Ranking(_places(samples, lead, width), confidence, n, worth, enough)


def _line(place: Place) -> str:
    ahead = f"{place.ahead.low:+.3g} to {place.ahead.high:+.3g}"
    best = "; may be best" * place.may_be_best
    return f"{place.name}: mean {place.mean:.4g}, ahead of the best other by {ahead}{best}"


def _places(
    samples: Mapping[str, Sequence[float]], lead: np.ndarray, width: np.ndarray
) -> list[Place]:
    """Return the places, best first, with Edwards & Hsu's intervals, from the lead and half width of every pair."""
    names, others = list(samples), _others(len(samples))
    upper = [min(lead[i, j] + width[i, j] for j in others[i]) for i in range(len(names))]
    able = {i for i, bound in enumerate(upper) if bound >= 0}
    places = []
    for i, name in enumerate(names):
        rivals = able - {i}
        low = min((lead[i, j] - width[i, j] for j in rivals), default=0.0)
        ahead = Interval(
            float(min(lead[i, j] for j in others[i])), min(0.0, low), max(0.0, upper[i])
        )
        places.append(Place(name, float(np.mean(samples[name])), ahead, i in able))
    return sorted(places, key=lambda place: -place.ahead.mean)


def _others(k: int) -> list[list[int]]:
    return [[j for j in range(k) if j != i] for i in range(k)]


def _one_sided_t(confidence: float, k: int, degrees: int) -> float:
    from scipy.special import stdtrit  # scipy.stats would cost 0.6 s of import

    return float(stdtrit(degrees, 1 - (1 - confidence) / (k - 1)))


def _checked(
    samples: Mapping[str, Sequence[float]], best: str, confidence: float, worth: float | None
) -> np.ndarray:
    """Return one row per alternative, signed so that more is better."""
    if best not in ("high", "low"):
        raise BadInput(f'best must be "high" or "low", got "{best}"')
    if not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, such as 0.95, got {confidence}")
    if worth is not None and not worth > 0:
        raise BadInput(f"worth must be > 0, the smallest difference that matters, got {worth}")
    lengths = {len(values) for values in samples.values()}
    if len(samples) < 2 or len(lengths) > 1 or min(lengths) < 2:
        raise BadInput(
            "a ranking takes two alternatives or more, all with the same 2 replications or more"
        )
    values = np.array(list(samples.values()), dtype=float)
    for name, row in zip(samples, values, strict=True):
        if np.isnan(row).any():
            raise BadInput(f"{name} is undefined in some replications; leave it out of the ranking")
    return values if best == "high" else -values
