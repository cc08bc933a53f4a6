"""Exact hit ratios of small caches: sums over all states; a dozen keys take a second."""

import math
from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np

from cachesim.errors import BadInput

Array = np.ndarray
MOST = 2_000_000  # states in a sum; more would take minutes


def exact_lru_hit_ratio(probabilities: Array, items: int) -> float:
    """Return the hit ratio of LRU with independent requests, exactly.

    The state is the order of last use. The order (a, b, c ...) has the probability
    p_a · p_b / (1 - p_a) · p_c / (1 - p_a - p_b) ...

    Raises
    ------
    BadInput
        The cache has more than 2 million states.

    >>> from cachesim.theory.hits import zipf
    >>> round(exact_lru_hit_ratio(zipf(8, 1.0), 4), 5)
    0.6626

    References
    ----------
    King, "Analysis of demand paging algorithms", IFIP Congress 1971.
    """
    p = _checked(probabilities, items, math.perm)
    return math.fsum(_ordered(order) * math.fsum(order) for order in permutations(p, items))


def exact_fifo_hit_ratio(probabilities: Array, items: int) -> float:
    """Return the hit ratio of FIFO, and of RANDOM, with independent requests, exactly.

    The probability of a set of keys is proportional to the product of the keys' probabilities.

    Raises
    ------
    BadInput
        The cache has more than 2 million states.

    >>> from cachesim.theory.hits import zipf
    >>> round(exact_fifo_hit_ratio(zipf(8, 1.0), 4), 5)
    0.62828

    References
    ----------
    Gelenbe, "A unified approach to the evaluation of a class of replacement algorithms", IEEE Trans. Computers
    22 (1973).
    """
    p = _checked(probabilities, items, math.comb)
    held = [(math.prod(keys), math.fsum(keys)) for keys in combinations(p, items)]
    return math.fsum(w * hit for w, hit in held) / math.fsum(w for w, _ in held)


def _ordered(order: tuple[float, ...]) -> float:
    """Return the probability of this order in LRU's list, most recently used first."""
    left, chance = 1.0, 1.0
    for p in order:
        chance *= p / left
        left -= p
    return chance


def _checked(probabilities: Array, items: int, count: Callable[[int, int], int]) -> list[float]:
    keys = len(probabilities)
    if not 0 < items < keys:
        raise BadInput(f"items must be > 0 and below the number of keys ({keys}), got {items}")
    if (states := count(keys, items)) > MOST:
        raise BadInput(
            f"{states:,} states are too many to sum (at most {MOST:,}); use the approximation"
        )
    return [float(p) for p in probabilities]
