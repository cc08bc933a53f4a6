"""What the tests of exercise 2 use; it never leaves the teacher."""

import random

import cachesim as cs


def requests(lab, scans):
    """Return keys: some that nobody wants, then skewed ones, and after every 100 a scan of as many keys as the cache holds, never seen again."""
    draw, fresh = random.Random(lab.seed), 0
    found = [
        f"first{number}" for number in range(lab.params["items"])
    ]  # whoever keeps what came first keeps these
    for _ in range(15):
        found += [f"k{int(lab.params['keys'] * draw.random() ** 3)}" for _ in range(100)]
        if scans:
            found += [f"scan{fresh + number}" for number in range(lab.params["items"])]
            fresh += lab.params["items"]
    return found


def hits(lab, keys):
    """Return how many reads hit, where a miss stores the key; LRU if there is no lab."""
    policy = cs.policies.LRU if lab is None else lab.policy("ScanProof")
    engine = cs.Simple(items=params["items"], policy=policy).build(
        cs.ManualClock(), random.Random(1).random
    )
    found = 0
    for key in keys:
        if engine.get(key) is None:
            engine.set(key, b"x" * 10)
        else:
            found += 1
    return found
