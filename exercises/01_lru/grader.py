"""What the hidden tests of exercise 1 use; it never leaves the teacher."""

import random

import cachesim as cs


def right(items, steps):
    """Play steps to the reference."""
    return played(cs.policies.LRU, items, steps)


def trace(seed, keys, length):
    """Return a random run of steps: skewed, mostly reads that store on a miss."""
    draw = random.Random(seed)
    steps = []
    for _ in range(length):
        key = int(keys * draw.random() ** 3)
        steps.append(draw.choice("+++???????-") + f"k{key}")
    return " ".join(steps)


def first_difference(mine, right):
    """Say where two runs of victims part."""
    at = next(
        (n for n, pair in enumerate(zip(mine, right)) if pair[0] != pair[1]),
        min(len(mine), len(right)),
    )
    mine_at, right_at = (
        victims[at] if at < len(victims) else "nobody" for victims in (mine, right)
    )
    return f"eviction {at + 1} took {mine_at}; LRU takes {right_at}"
