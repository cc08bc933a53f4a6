"""What a fleet costs per request: python benchmarks/fleet.py [--rounds 7] [--requests 40000].

All kinds take turns in one process, and each is divided by the plain run of its own round: the machine
drifts, and a ratio does not. What counts is the median of the ratios.
"""

import argparse
from statistics import median
from time import process_time

from cachesim.engines.redis.engine import Redis
from cachesim.experiments.run import run
from cachesim.model.database import Database
from cachesim.model.fleet import Fleet, Pool, Replicated, Shards
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.workload import OpenLoop
from cachesim.scenario import Scenario
from cachesim.units import KIB

ONE_NODE = "one node, no fleet"
KINDS: dict[str, Fleet | None] = {
    ONE_NODE: None,
    "one shard": Shards(shards=1),
    "8 shards": Shards(shards=8),
    "8 nodes of a pool": Pool(nodes=8),
    "100 nodes of a pool": Pool(nodes=100),
    "one shard, a replica that nobody reads": Shards(shards=1, replicas=1),
    "all reads at one replica": Replicated(replicas=1, reads="replica"),
}
BASE, KEYS = 60 * KIB, 800 * KIB  # bytes: of a server, and of the keys of all nodes together
RATE = 10_000  # requests per second: with fewer, the crons of 100 servers are most of the work
PLAIN = Scenario(
    strategy=LazyLoading(ttl=60, invalidate=True),
    workload=OpenLoop(rate=RATE),
    database=Database(connections=100),
    warmup=0,
)


def seconds(fleet: Fleet | None, requests: int) -> float:
    """Return the processor time of one run of about so many requests."""
    nodes = len(fleet.groups()) if fleet is not None else 1
    cache = Redis(memory=BASE + KEYS // nodes, base_memory=BASE)
    scenario = PLAIN.replace(fleet=fleet, cache=cache, duration=requests / RATE)
    begin = process_time()
    run(scenario)
    return process_time() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=40_000)
    given = parser.parse_args()
    for fleet in KINDS.values():
        seconds(fleet, 2_000)  # imports are done
    times: dict[str, list[float]] = {name: [] for name in KINDS}
    for _ in range(given.rounds):
        for name, fleet in KINDS.items():
            times[name].append(seconds(fleet, given.requests))
    plain = times[ONE_NODE]
    print(f"{ONE_NODE:>40}  {median(plain) / given.requests * 1e6:.2f} µs per request")
    for name in list(KINDS)[1:]:
        ratios = [one / base for one, base in zip(times[name], plain, strict=True)]
        print(f"{name:>40}  {median(ratios):.2f} times as much")


if __name__ == "__main__":
    main()
