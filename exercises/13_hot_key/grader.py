"""What the hidden tests of exercise 13 use; it never leaves the teacher."""

import random

from cachesim.grading.causes import because  # noqa: F401
from cachesim.grading.histories import first_difference
from cachesim.grading.scripts import quiet, quiet_again

SHARED = "This was a later run in one process: what belongs to a run must be in app.shared, not in a global variable or in the class"


def meets_itself(make, seed):
    """Say where a later run differs from the first one of the same strategy; "" if it does not."""
    draw = random.Random(seed)
    ops = ["read", "read", "write"]
    steps = [(draw.uniform(0.2, 0.5), draw.choice(ops), draw.choice("aab")) for _ in range(40)]
    first = quiet(make(), steps)
    return first_difference(quiet_again(make, steps), first)


def queries(history):
    """Return the queries that the database got in a run."""
    return float(history["db_queries"].dropna().iloc[-1])
