"""Hit ratios at 256 and 400 KiB: ten runs of the embedded Redis beside ten of the real server.

    python benchmarks/small_memory.py [--markdown]

A real server draws the secret of its hash at its start, so its own runs differ. The mean of ours
must lie within the range of the real runs, widened by 0.1 percentage points; else it ends with 1.
"""

from itertools import product
from statistics import mean

from cachesim.engines.base import EngineSpec
from cachesim.engines.redis.engine import Redis
from cachesim.engines.redis.policy import POLICIES
from cachesim.experiments.parallel import in_parallel
from cachesim.units import KIB
from cachesim.validate.fidelity import RequestSource, play, requests_of, twin

RUNS = 10
SLACK = 0.1  # percentage points
SIZES = (256 * KIB, 400 * KIB)
REQUESTS = RequestSource(most=100_000, keys=20_000, ttl="1:100")


def hit_ratio(job: tuple[EngineSpec, int]) -> float:
    """Play the requests in one engine; return the hit ratio in per cent."""
    spec, seed = job
    return 100 * play(requests_of(REQUESTS), spec, seed)[0].hit_ratio


def main() -> int:
    """Print one row per policy and size."""
    print("| policy | KiB | ours: mean, from, to (%) | real: mean, from, to (%) | outside (pp) |")
    print("|---|---|---|---|---|")
    specs = [Redis(memory=size, policy=policy) for policy, size in product(POLICIES, SIZES)]
    jobs = [(each, seed) for spec in specs for each in (spec, twin(spec)) for seed in range(RUNS)]
    found = iter(in_parallel(hit_ratio, jobs))
    worst = 0.0
    for spec in specs:
        ours, real = ([next(found) for _ in range(RUNS)] for _ in range(2))
        outside = max(min(real) - mean(ours), mean(ours) - max(real), 0.0)
        worst = max(worst, outside)
        sides = (f"{mean(side):.3f}, {min(side):.3f}, {max(side):.3f}" for side in (ours, real))
        print(f"| {spec.policy} | {spec.memory // KIB} | {' | '.join(sides)} | {outside:.3f} |")
    return int(worst > SLACK)


if __name__ == "__main__":
    raise SystemExit(main())
