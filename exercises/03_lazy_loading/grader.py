"""What the tests of exercise 3 use; it never leaves the teacher."""

import cachesim as cs


def run(lab):
    """Return the requests of a run with the student's strategy, or with the reference if there is no lab."""
    ttl = params["ttl"]
    strategy = cs.LazyLoading(ttl=ttl) if lab is None else lab.strategy("Lazy", ttl=ttl)
    workload = cs.OpenLoop(rate=150, reads=0.9, popularity=cs.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=5, warmup=1, seed=params["keys"]
    )
    history = cs.run(scenario).history
    return history[history["op"] != "sample"][
        ["op", "key", "begin", "end", "lookup", "write", "version", "committed"]
    ].reset_index(drop=True)


def of(history, op):
    """Return the reads, or the writes."""
    return history[history["op"] == op]


def misses_by_kind(history):
    """Return how often a read missed, by why."""
    return of(history, "read")["lookup"].value_counts().to_dict()


def told(row):
    """Say which request a row is."""
    return f"the {row['op']} of {row['key']} at t={row['begin']:.3f} s"


def first_difference(mine, right):
    """Say which request goes another way than with the reference, and how."""
    if len(mine) != len(right):
        return f"{len(mine)} requests were answered, expected {len(right)}"
    for (_, a), (_, b) in zip(mine.iterrows(), right.iterrows()):
        for column, what in (
            ("lookup", "found in the cache"),
            ("version", "version"),
            ("end", "answered at"),
        ):
            if str(a[column]) != str(b[column]):
                return f"{told(b)}: {what}: {a[column]}, expected {b[column]}"
    return "the two runs differ"
