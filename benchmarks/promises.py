"""How often the statistics keep their promises: every rule of cs.statistics against a truth that is known.

python benchmarks/promises.py          every row, about two minutes of one core
python benchmarks/promises.py --page   writes the table into docs/background/statistics.md

Promises: an interval of 95 % covers the truth in 95 % of the experiments; a ranking of 95 % names the best in
at least 95 %. "standard error" is that of the share itself: within 2.6 of them a promise is kept. Queues are M/M/1
by Lindley's recursion, whose mean wait rho / (mu - lambda) is known; seeds are fixed.
"""

import math
import sys
from pathlib import Path

import numpy as np

from cachesim.measure.statistics import (
    batch_means,
    binned,
    interval,
    quantile_interval,
    ranking,
    replications_needed,
    warm_up,
)
from cachesim.rng import stream

PAGE = Path(__file__).parents[1] / "docs" / "background" / "statistics.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def waits(draw, number, load=0.8, warmup=2000):
    """Return the waits of an M/M/1 queue with service time `load` and arrivals at rate 1."""
    total = warmup + number
    steps = draw.exponential(load, total) - draw.exponential(1.0, total)
    path = np.concatenate([[0.0], np.cumsum(steps)])
    return (path - np.minimum.accumulate(path))[warmup:-1]


def mean_wait(load=0.8):
    """Return rho / (mu - lambda), with rho = load, mu = 1 / load, lambda = 1."""
    return load / (1 / load - 1)


def wait_quantile(q, load=0.8):
    """Return the q-quantile of the wait: P(W > t) = rho e^(-(mu - lambda) t)."""
    return -math.log((1 - q) / load) / (1 / load - 1)


def covered(intervals, truth):
    """Return the share of the intervals that hold the truth."""
    return float(np.mean([i.low <= truth <= i.high for i in intervals]))


def one_run(experiments=1000):
    """Yield the mean wait of one run of 20,000 customers, by three ways to make an interval of it."""
    draw = stream(1, "one run")
    runs = [waits(draw, 20_000) for _ in range(experiments)]
    truth = mean_wait()
    yield "one run, customer by customer", covered(map(interval, runs), truth), experiments
    for batches in (100, 20):
        found = [batch_means(run, batches) for run in runs]
        yield (
            f"one run, {batches} batch means",
            covered([f.interval for f in found], truth),
            experiments,
        )
        fine = [f.interval for f in found if f.independent]
        yield "... where the check is content", covered(fine, truth), len(fine)


def replications(experiments=1000):
    """Yield the mean wait of 5 and 20 independent runs of 4,000 customers."""
    draw = stream(2, "replications")
    for number in (5, 20):
        found = [
            interval([float(waits(draw, 4000).mean()) for _ in range(number)])
            for _ in range(experiments)
        ]
        yield f"{number} replications, Student's t", covered(found, mean_wait()), experiments


def until_precise(experiments=1000):
    """Yield the interval after as many replications as 10 % precision took."""
    draw, found = stream(3, "precise"), []
    for _ in range(experiments):
        values = []
        while (needed := replications_needed(values, 0.1)) is None:
            values.append(float(waits(draw, 4000).mean()))
        found.append(interval(values[:needed]))
    yield "as many as ±10 % took, Student's t", covered(found, mean_wait()), experiments


def quantiles(experiments=300):
    """Yield the 90 % quantile: of independent values, of one run value by value, and in blocks."""
    draw, truth = stream(4, "quantiles"), -math.log(0.1)
    free = [
        quantile_interval(draw.exponential(size=500), 0.9, resamples=500)
        for _ in range(experiments)
    ]
    yield "p90 of 500 independent values, bootstrap", covered(free, truth), experiments
    runs = [waits(draw, 20_000) for _ in range(experiments)]
    for block, name in (
        (1, "p90 of one run, value by value"),
        (1000, "p90 of one run, blocks of 1,000"),
    ):
        found = [quantile_interval(run, 0.9, block=block, resamples=200) for run in runs]
        yield name, covered(found, wait_quantile(0.9)), experiments


def drawn(draw, means, number):
    """Return samples with common luck: correlation 0.8."""
    shared = draw.normal(0.0, 2.0, number)
    return {str(k): m + shared + draw.normal(0.0, 1.0, number) for k, m in enumerate(means)}


def rankings(experiments=3000):
    """Yield how often the best is among those named, and the first after two stages."""
    draw = stream(5, "rankings")
    for means in ([0.0, 0.5], [0.0, 0.0, 0.0, 0.0, 0.5], [0.0, 0.1, 0.2, 0.3, 0.4]):
        best = str(len(means) - 1)
        named = [best in ranking(drawn(draw, means, 8)).may_be_best for _ in range(experiments)]
        yield f"the best of {len(means)} is named", float(np.mean(named)), experiments
    for k in (2, 5, 10):
        right = [_two_stages(draw, [0.0] * (k - 1) + [1.0]) for _ in range(experiments)]
        yield f"two stages find the best of {k}", float(np.mean(right)), experiments


def _two_stages(draw, means):
    first = drawn(draw, means, 10)
    rest = drawn(draw, means, ranking(first, worth=1.0).enough - 10)
    whole = {name: np.concatenate([first[name], rest[name]]) for name in first}
    return ranking(whole).places[0].name == str(len(means) - 1)


def table():
    """Return the rows as a table in Markdown."""
    lines = ["| promise of 95 % | kept | standard error | experiments |", "|---|---|---|---|"]
    for rows in (one_run(), replications(), until_precise(), quantiles(), rankings()):
        for name, share, number in rows:
            error = math.sqrt(0.95 * 0.05 / number)
            lines.append(f"| {name} | {100 * share:.1f} % | {100 * error:.1f} pp | {number:,} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def warm_ups(runs=40):
    """Print what the rule says of the flags of a rising chance, raw and in bins."""
    chance = 0.7 * (1 - np.exp(-np.arange(20_000) / 1000))
    draw = stream(6, "flags")
    flags = [(draw.random(20_000) < chance).astype(float) for _ in range(runs)]
    for size in (1, 20, 100):
        cuts = [size * warm_up(binned(f, size)).length for f in flags]
        cut = int(np.mean(cuts))
        print(f"bins of {size}: cut at {cut:,} of 20,000, where 70 % is {chance[cut]:.1%}")


if __name__ == "__main__":
    warm_ups()
    made = table()
    if "--page" in sys.argv:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(before + BEGIN + made + END + rest.partition(END)[2], "utf-8")
