"""What the hidden tests of exercise 10 use; it never leaves the teacher."""

import random

import cachesim as cs
from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import first_empty, first_lost, first_stale, hits
from cachesim.grading.scripts import quiet, quiet_again  # noqa: F401

LONGEST_WAIT = 2.0  # seconds
OLDEST = 1.0  # seconds that a copy may be outdated
FAILING, AFTER = (
    30,
    8,
)  # loads that the database refuses: more than it ever takes at a time; reads after that
GIVEN_BACK = "The database had refused some loads. A load that fails must give back its place and its key: use try and finally"
SHARED = "This was the third run in one process: what belongs to a run must be in app.shared, not in a global variable or in the class"


def outage():
    """Return reads of many keys while the database refuses, and some of the same and of other keys later; and when it refuses."""
    during = [(0.1, "read", f"k{number}") for number in range(FAILING)]
    later = [
        (1.0, "read", f"k{number}") for number in range(FAILING - AFTER // 2, FAILING + AFTER // 2)
    ]
    end = 0.1 * FAILING + 0.5
    return [*during, *later], (0.05, end)


def check_well_again(seen):
    """Check that every read after an outage was answered. Raises AssertionError."""
    assert not (wrong := first_empty(seen)), wrong
    assert len(seen) == AFTER, f"{AFTER - len(seen)} of {AFTER} reads were never answered"


def script(lab):
    """Return random requests, one at a time, in less time than a copy lives."""
    draw = random.Random(lab.seed)
    ops = ["read", "read", "write"]
    return [(draw.uniform(0.2, 0.5), draw.choice(ops), draw.choice("abc")) for _ in range(40)]


def check_again(seen, steps):
    """Check what holds for every right design, one request at a time. Raises AssertionError."""
    usual = quiet(cs.LazyLoading(invalidate=True), steps)
    assert len(seen) == len(usual), f"{len(usual) - len(seen)} requests were never answered"
    assert not (wrong := first_empty(seen) or first_lost(seen) or first_stale(seen)), wrong
    assert hits(seen) >= hits(usual), f"{hits(seen):.0%} of the reads hit; right: {hits(usual):.0%}"
