"""What the tests of exercise 4 use; it never leaves the teacher."""

import cachesim as cs
from cachesim.grading.histories import first_difference, of, requests_of, told  # noqa: F401

STEPS = {"A db", "A cache", "B db", "B cache"}


def run(lab, clients):
    """Return the requests of a run with the student's strategy, or with the reference if there is no lab."""
    strategy = cs.WriteThrough() if lab is None else lab.strategy("Through")
    workload = cs.ClosedLoop(
        clients=clients,
        think=cs.distributions.Exponential(mean=0.02),
        reads=0.8,
        popularity=cs.popularity.Zipf(keys=params["keys"]),
    )
    scenario = cs.Scenario(
        strategy=strategy,
        workload=workload,
        duration=20 / clients,
        warmup=1 / clients,
        seed=params["keys"],
    )
    return requests_of(scenario)


def missed_after_a_write(history):
    """Return the first read that missed although its key had been written before, if there is one."""
    written = set()
    for _, row in history.iterrows():
        if row["op"] == "write":
            written.add(row["key"])
        elif row["lookup"] != "hit" and row["key"] in written:
            return row
    return None


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
