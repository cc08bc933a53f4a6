"""What the tests of exercise 1 use; it never leaves the teacher."""

import random

import cachesim as cs


def played(lab, items, steps):
    """Play steps such as "+a ?a -a" (store, read, delete); return the keys held, sorted, and the victims in order.

    In the cache the keys have longer names, which differ from student to student: none can be known beforehand.
    """
    salt = "" if lab is None else f":{lab.seed % 9973}"
    policy = cs.policies.LRU if lab is None else lab.policy("LRU")
    engine = cs.Simple(items=items, policy=policy).build(cs.ManualClock(), random.Random(1).random)
    victims, held = [], set()
    for step in steps.split():
        what, key = step[0], step[1:] + salt
        if what == "+":
            engine.set(key, b"x" * 10)
        elif what == "?":
            engine.get(key)
        else:
            engine.delete(key)
        now = {key.removesuffix(salt) for key in engine.entries}
        victims += sorted(held - now) if what == "+" else []
        held = now
    return sorted(held), victims


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
