"""What the hidden tests of exercise 1 use; it never leaves the teacher."""

import random


def trace(seed, keys, length):
    """Return a random run of steps: few keys are popular, and most steps read."""
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
    return f"at eviction {at + 1} your policy chose {mine_at}; LRU chooses {right_at}"
