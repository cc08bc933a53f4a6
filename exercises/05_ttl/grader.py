"""What the tests of exercise 5 use; it never leaves the teacher."""

import math
import random

import cachesim as cs


def number(answer):
    """Return a TTL that can be worked with. Raises AssertionError."""
    assert type(answer) in (int, float), f"a number of seconds is asked for, got {answer!r:.60}"
    assert math.isfinite(answer), "a finite number of seconds is asked for"
    assert 0 < answer < 1e9, f"a number of seconds above 0 is asked for, got {answer:.4g}"
    return float(answer)


def cases(seed):
    """Return budgets and rates, other ones for each student."""
    draw = random.Random(seed)
    return [
        (draw.uniform(0.01, 0.4), 10 ** draw.uniform(-0.5, 2.5), 10 ** draw.uniform(-3, 0.5))
        for _ in range(40)
    ]


def simulated(ttl, asked):
    """Return the share of stale reads in a run of 40 keys with these rates each."""
    keys, each = 40, asked["reads"] + asked["writes"]
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
