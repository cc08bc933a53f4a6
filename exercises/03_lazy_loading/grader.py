"""What the tests of exercise 3 use; it never leaves the teacher."""

import cachesim as cs
from cachesim.grading.histories import first_difference, of, requests_of, told  # noqa: F401


def run(lab):
    """Return the requests of a run with the student's strategy, or with the reference if there is no lab."""
    ttl = params["ttl"]
    strategy = cs.LazyLoading(ttl=ttl) if lab is None else lab.strategy("Lazy", ttl=ttl)
    workload = cs.OpenLoop(rate=150, reads=0.9, popularity=cs.popularity.Zipf(keys=params["keys"]))
    scenario = cs.Scenario(
        strategy=strategy, workload=workload, duration=5, warmup=1, seed=params["keys"]
    )
    return requests_of(scenario)


def misses_by_kind(history):
    """Return how often a read missed, by why."""
    return of(history, "read")["lookup"].value_counts().to_dict()
