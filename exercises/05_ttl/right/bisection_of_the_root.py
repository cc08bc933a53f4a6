# Doubles until it is too long, then halves on a logarithmic scale.
from math import exp, sqrt


def share(ttl, reads, writes):
    x = writes * ttl
    mean_stale = ttl * (x / 2 - x * x / 6) if x < 1e-4 else ttl - (1 - exp(-x)) / writes
    return reads * mean_stale / (1 + reads * ttl)


def ttl_for(budget, reads, writes):
    low, high = 1e-9, 1e-9
    while share(high, reads, writes) <= budget:
        low, high = high, high * 2
    while high / low > 1 + 1e-9:
        middle = sqrt(low * high)
        if share(middle, reads, writes) <= budget:
            low = middle
        else:
            high = middle
    return low
