"""What the hidden tests of exercise 5 use; it never leaves the teacher."""

import random

import cachesim as cs


def cases(seed):
    """Return budgets and rates, other ones for each student."""
    draw = random.Random(seed)
    return [
        (draw.uniform(0.01, 0.4), 10 ** draw.uniform(-0.5, 2.5), 10 ** draw.uniform(-3, 0.5))
        for _ in range(40)
    ]


def exact(budget, reads, writes):
    """Return the TTL that just keeps the budget, by halving an interval."""
    least, most = 1e-9, 1e9
    while most / least > 1 + 1e-9:
        middle = (least * most) ** 0.5
        if cs.theory.lazy_stale_ratio(reads, writes, middle) < budget:
            least = middle
        else:
            most = middle
    return least


def simulated(ttl, asked):
    """Return the share of stale reads in a run of 80 keys with these rates each: the same requests for every TTL."""
    keys, each = 80, asked["reads"] + asked["writes"]
    workload = cs.OpenLoop(
        rate=keys * each, reads=asked["reads"] / each, popularity=cs.popularity.Uniform(keys=keys)
    )
    scenario = cs.Scenario(
        strategy=cs.LazyLoading(ttl=ttl),
        workload=workload,
        duration=60,
        warmup=10,
        seed=asked["reads"],
    )
    return cs.run(scenario).metrics["stale_ratio"]
