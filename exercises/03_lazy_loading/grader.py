"""What the hidden tests of exercise 3 use; it never leaves the teacher."""

import random

import cachesim as cs
from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import (
    first_difference,
    first_empty,
    first_lost,
    first_stale,
    hits,
    requests_of,
)
from cachesim.grading.scripts import quiet, quiet_again  # noqa: F401

FILL = 0.25  # seconds; no fill of a busy run takes longer
SHARED = "This was the second run in one process: what belongs to a run must not be kept in a global variable or in the class"


def best(lab):
    """Return the reference."""
    return cs.LazyLoading(ttl=lab.params["ttl"])


def lives(lab):
    """Return reads of one key: shortly before its copy ends, and shortly after."""
    ttl = lab.params["ttl"]
    return [(1, "read", "a"), (0.9 * ttl, "read", "a"), (0.2 * ttl, "read", "a")]


def schedule(lab):
    """Return random requests, one at a time, none of them near the end of a copy."""
    draw, unit = random.Random(lab.seed), 0.3 * lab.params["ttl"]
    return [
        (draw.randint(1, 3) * unit, draw.choice(["read", "read", "write"]), draw.choice("abc"))
        for _ in range(60)
    ]


def check(lab, steps):
    """Compare a design with the reference, one request at a time. Raises AssertionError."""
    other = first_difference(quiet(mine(lab), steps), quiet(best(lab), steps))
    assert not other, other


def busy(strategy, params):
    """Return a scenario with many requests at once."""
    workload = cs.OpenLoop(rate=150, reads=0.9, popularity=cs.popularity.Zipf(keys=params["keys"]))
    return cs.Scenario(
        strategy=strategy, workload=workload, duration=5, warmup=1, seed=params["keys"]
    )


def check_busy(lab):
    """Check what holds for every right design, however many requests are under way. Raises AssertionError."""
    seen, usual = (requests_of(busy(it, lab.params)) for it in (mine(lab), best(lab)))
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    old = first_stale(seen, lab.params["ttl"] + FILL)
    assert not old, f"{old}; a copy lives {lab.params['ttl']:g} s"
    share, expected = hits(seen), hits(usual)
    assert share > 0.9 * expected, f"{share:.0%} of the reads hit; right: about {expected:.0%}"
