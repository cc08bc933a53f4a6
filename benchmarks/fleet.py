"""What a fleet costs per request: python benchmarks/fleet.py [--rounds 7] [--requests 40000] [--count].

Every kind plays the same requests, has the same memory in sum, and begins warm, so that it has about the
same hits and misses. Each is divided by the run without a fleet.

With --count the costs are instructions, counted by valgrind: they do not depend on how busy the machine
is. The difference between a long and a short run is taken, so the start of a run costs nothing. Without
it they are processor time. Then all kinds take turns in one process: the machine drifts, and a ratio does
not. What counts is the median of the ratios.
"""

import argparse
import os
import re
import subprocess
import sys
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
SHORT = 4_000  # requests of the run that --count takes away from the long one
PLAIN = Scenario(
    strategy=LazyLoading(ttl=60, invalidate=True),
    workload=OpenLoop(rate=RATE),
    database=Database(connections=100),
    start="warm",
    warmup=0,
)
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


def play(fleet: Fleet | None, requests: int) -> None:
    """Make one run of about so many requests."""
    nodes = len(fleet.groups()) if fleet is not None else 1
    cache = Redis(memory=BASE + KEYS // nodes, base_memory=BASE)
    run(PLAIN.replace(fleet=fleet, cache=cache, duration=requests / RATE))


def seconds(fleet: Fleet | None, requests: int) -> float:
    """Return the processor time of one run of about so many requests."""
    begin = process_time()
    play(fleet, requests)
    return process_time() - begin


def timed(rounds: int, requests: int) -> list[list[float]]:
    """Return the seconds per request of each round: one per kind."""
    return [
        [seconds(fleet, requests) / requests for fleet in KINDS.values()] for _ in range(rounds)
    ]


def in_child(fleet: Fleet | None, requests: int) -> int:
    """Make one run in a copy of this process, and return the number that the copy had."""
    child = os.fork()
    if not child:
        play(fleet, requests)
        os._exit(0)
    os.waitpid(child, 0)
    return child


def counted(requests: int) -> list[list[float]]:
    """Return the instructions per request of one round: one per kind."""
    command = (*VALGRIND, sys.executable, __file__, "--inside", f"--requests={requests}")
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    refs = re.findall(r"==(\d+)== I +refs: +([\d,]+)", told.stderr)
    count = {process: int(number.replace(",", "")) for process, number in refs}
    pairs = [line.split() for line in told.stdout.splitlines()]
    return [[(count[long] - count[short]) / (requests - SHORT) for short, long in pairs]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=40_000)
    parser.add_argument("--count", action="store_true", help="instructions in place of time")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.count:
        for fleet in KINDS.values():
            play(fleet, 2_000)  # imports are done
    if given.inside:
        for fleet in KINDS.values():
            print(in_child(fleet, SHORT), in_child(fleet, given.requests), flush=True)
        return
    rounds = counted(given.requests) if given.count else timed(given.rounds, given.requests)
    plain = median(row[0] for row in rounds)
    print(
        f"{ONE_NODE:>40}  ",
        f"{plain:,.0f} instructions" if given.count else f"{plain * 1e6:.2f} µs",
    )
    for place, name in list(enumerate(KINDS))[1:]:
        print(f"{name:>40}  {median(row[place] / row[0] for row in rounds):.3f} times as much")


if __name__ == "__main__":
    main()
