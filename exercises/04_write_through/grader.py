"""What the hidden tests of exercise 4 use; it never leaves the teacher."""

import random

import cachesim as cs
from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import first_difference, first_empty, first_lost, hits, requests_of  # noqa: F401
from cachesim.grading.scripts import quiet, quiet_again  # noqa: F401

SHARED = "This was the second run in one process: what belongs to a run must not be kept in a global variable or in the class"


def script(lab):
    """Return random requests for one run, one at a time."""
    draw = random.Random(lab.seed)
    ops = ["read", "read", "write"]
    return [(draw.uniform(0.1, 1), draw.choice(ops), draw.choice("abc")) for _ in range(60)]


def check_busy(lab):
    """Check what holds for every right design, however many clients are at work. Raises AssertionError."""
    seen, usual = (
        requests_of(busy(strategy, lab.params["clients"], lab.params["keys"], rest=0.02))
        for strategy in (mine(lab), cs.WriteThrough())
    )
    assert not (wrong := first_empty(seen) or first_lost(seen)), wrong
    share, expected = hits(seen), hits(usual)
    assert share > 0.9 * expected, f"{share:.0%} of the reads hit; right: about {expected:.0%}"


def left_stale(steps):
    """Play a schedule, and check that the tiers are left with two values. Raises AssertionError."""
    left = {}
    for step in steps:
        writer, tier = step.split()
        left[tier] = writer
    assert left["cache"] != left["db"], (
        f"at the end the cache and the database both hold the value of {left['db']}; "
        "right: the cache holds the value of A, and the database that of B"
    )
