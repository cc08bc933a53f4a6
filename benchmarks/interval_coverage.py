"""Do the intervals of `cachesim validate` cover as often as they say? Many seeds of one point of twelve oracles.

`python benchmarks/interval_coverage.py --seeds 200` takes half an hour on two cores. At 99 %, of 200 intervals at least
194 must hold the prediction (fewer have a probability below 2 % if 99 % is true).
"""

import argparse
import sys

from cachesim.experiments.parallel import in_parallel
from cachesim.validate.run import ORACLES, validate

TWELVE = (
    "cross-zone-cost", "ttl-hit-ratio", "sliding-ttl-hit-ratio", "invalidate-hit-ratio",
    "write-through-hit-ratio", "machine-repairman", "top-key-share", "mean-value-analysis", "exact-lru",
    "single-flight", "cache-aside-throughput", "poisoned-fill",
)  # fmt: skip


def first_point(job):
    """Return the row of one oracle's first point under one seed."""
    name, seed = job
    return validate([name], seed=seed, quick=True, n_jobs=1)[0]


def main():
    """Print a row an oracle: how many intervals held the prediction, and how wide they were."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--oracle", nargs="*", default=TWELVE, choices=ORACLES)
    asked = parser.parse_args()
    print(
        "| oracle | parameters | predicted | intervals that hold it | mean half-width | mean of means |"
    )
    print("|---|---|---|---|---|---|")
    for name in asked.oracle:
        # Seeds apart from the default, on which nothing was tuned.
        jobs = [(name, 1000 + seed) for seed in range(asked.seeds)]
        rows = list(in_parallel(first_point, jobs, asked.jobs))
        held = sum(row.low <= row.predicted <= row.high for row in rows)
        width = sum(row.half_width for row in rows) / len(rows)
        mean = sum(row.simulated for row in rows) / len(rows)
        parameters = ", ".join(f"{key} {value}" for key, value in rows[0].parameters.items())
        print(f"| {name} | {parameters} | {rows[0].predicted:.5g} | {held} of {len(rows)} "
              f"| {width:.1%} | {mean:.5g} |")  # fmt: skip
        sys.stdout.flush()


if __name__ == "__main__":
    main()
