"""Cost and memory as runs grow: python benchmarks/growth.py [--most 1000000].

Each run has a process of its own. Seconds are of CPU, from the first event to the frame; what came
before (imports, rows loaded) is taken off and printed beside. Memory is the growth of the peak of the
resident set while the system ran and its history became a frame.

Last come 50, 1,000 and 10,000 users who make the same requests per second together. They take turns in one
process; what counts is the median of the ratios within a round.
"""

import argparse
import resource
import subprocess
import sys
from statistics import median
from time import process_time

from cachesim.cli.peers.ours import CLIENTS, ITEMS, THINK, scenario
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import Recorder
from cachesim.model.distributions import Exponential
from cachesim.model.system import System


def measure(requests: int, keys: int) -> None:
    """Run in this process; print requests, keys, microseconds a request, seconds to load, MB a million."""
    run(scenario(2_000, is_open=False, cache=Simple(items=ITEMS)))  # imports are done, pandas too
    cache = Simple(items=ITEMS * keys // 10_000, memory=2**40)
    plan = scenario(requests, is_open=False, cache=cache, keys=keys)
    recorder = Recorder()
    began = process_time()
    system = System(plan, recorder.request, recorder.sample)
    system._load()
    next(plan.workload.requests(1))  # the table of popularities is drawn up
    loaded = process_time()
    system._load = lambda: None  # type: ignore[method-assign]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    system.run()
    ran = process_time()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    history = recorder.hand_over(system.db.versions)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held = history.memory_usage(index=False).sum() / len(history)
    each = 1e6 / len(history)
    megabytes = 1024 / 1e6 * each
    print(
        f"{len(history):>10,} requests {keys:>9,} keys {(ran - loaded) * each:6.2f} µs a request, "
        f"the frame {(process_time() - ran) * each:5.2f} µs, loading {loaded - began:6.2f} s, "
        f"{(peak - before) * megabytes:7.1f} MB a million (before the frame is made "
        f"{(grown - before) * megabytes:.0f}; the frame itself {held:.0f})",
        flush=True,
    )


def price(users: int, requests: int = 100_000) -> float:
    """Return the microseconds of CPU that a request costs, its users made and its record in columns."""
    plan = scenario(requests, is_open=False, cache=Simple(items=ITEMS)).replace(
        workload__clients=users,
        workload__think=Exponential(mean=THINK * users / CLIENTS),
        database__waiting=2 * users,
    )
    recorder = Recorder()
    system = System(plan, recorder.request, recorder.sample)
    began = process_time()
    system.run()
    return (process_time() - began) * 1e6 / len(recorder.history())


def users(rounds: int) -> None:
    """Print what a request of many users costs, as a multiple of what it costs with 50."""
    many = 1_000, 10_000
    seen = []
    for _ in range(rounds):
        base = price(CLIENTS)
        seen.append((base, *(price(n) / base for n in many)))
    each, *ratios = map(median, zip(*seen, strict=True))
    print(f"{CLIENTS:>10,} users {each:6.2f} µs a request")
    for n, ratio in zip(many, ratios, strict=True):
        print(f"{n:>10,} users {ratio:6.2f} times as much")


def main() -> None:
    """Measure in fresh processes: requests from 10,000 on, keys from 1,000 to 1,000,000; then users."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison of users")
    parser.add_argument(
        "--one", nargs=2, type=int, help="requests and keys of one run, in this process"
    )
    options = parser.parse_args()
    if options.one:
        measure(*options.one)
        return
    runs = [(n, 10_000) for n in (10**4, 10**5, 10**6, 3 * 10**6, 10**7) if n <= options.most]
    for requests, keys in runs + [(10**5, keys) for keys in (10**3, 10**4, 10**5, 10**6)]:
        call = [sys.executable, __file__, "--one", str(requests), str(keys)]
        subprocess.run(call, check=True)
    users(options.rounds)


if __name__ == "__main__":
    main()
