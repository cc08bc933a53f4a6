"""What the hidden tests of exercise 11 use; it never leaves the teacher."""

PHASE = 1500  # requests


def phases(lab):
    """Return three parts of a run: popular keys with scans between them, keys that move on, the first again."""
    keys, moves = skewed(lab, PHASE), lab.params["items"] // 2
    for start in range(60, PHASE, 100):
        keys[start : start + 40] = [f"scan{start + number}" for number in range(40)]
    moving = [f"m{number // 10 + 7 * number % moves}" for number in range(PHASE)]
    return [keys, moving, keys]


def hits(policy, lab, parts):
    """Return how many reads hit in each part of a run."""
    engine = cache(policy, lab.params["items"])
    return [sum(read(engine, key) for key in keys) for keys in parts]
