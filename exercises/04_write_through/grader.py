"""What the hidden tests of exercise 4 use; it never leaves the teacher."""

import cachesim as cs
from cachesim.grading.histories import first_difference  # noqa: F401

STEPS = {"A db", "A cache", "B db", "B cache"}


def right(params):
    """Return the requests of the same run with the reference."""
    return requests(cs.WriteThrough(), params["clients"], params)


def judged(steps):
    """Check a schedule by playing it. Raises AssertionError."""
    assert type(steps) is list and all(type(s) is str for s in steps), (
        "a list of four texts is asked for"
    )
    assert sorted(steps) == sorted(STEPS), (
        f"each of {sorted(STEPS)} once is asked for, got {steps!r:.80}"
    )
    for writer in "AB":
        assert steps.index(f"{writer} db") < steps.index(f"{writer} cache"), (
            f"{writer} sets before it commits"
        )
    assert steps.index("A db") < steps.index("B db"), "A should commit before B"
    left = {}
    for step in steps:
        writer, tier = step.split()
        left[tier] = writer
    assert left["cache"] != left["db"], f"both are left with the value of {left['db']}"
