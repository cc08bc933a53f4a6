"""Speed against peers, side by side: python benchmarks/speed.py [--json] [--rounds 5] [--requests 100000].

Everything runs interleaved in one process and is printed as a ratio, because the machine drifts and a
ratio does not. The peer of the model is the textbook twin (textbook.py); the peer of replay is a plain
OrderedDict loop; the yardstick is one bare SimPy event.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from time import process_time

import numpy as np
import simpy
from textbook import (
    CACHE_SERVICE,
    CLIENTS,
    CONNECTIONS,
    DB_SERVICE,
    ITEMS,
    KEYS,
    READS,
    SIZE,
    SKEW,
    THINK,
    Dictionary,
    Rows,
    Twin,
)

from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.experiments.scenario import Scenario
from cachesim.measure.history import Recorder
from cachesim.measure.metrics import requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant, Exponential
from cachesim.model.node import Node
from cachesim.model.popularity import Zipf
from cachesim.model.strategies.lazy import LazyLoading
from cachesim.model.system import System
from cachesim.model.workload import ClosedLoop, OpenLoop
from cachesim.replay import replay

RATE = 900.0  # requests per second of the open loop
BARE_EVENTS = 300_000
RATIOS = {
    "textbook_ratio": ("twin closed", "ours closed"),
    "open_loop_ratio": ("twin open", "ours open"),
    "redis_ratio": ("twin closed", "ours on Redis"),
    "replay_ratio": ("plain loop", "replay"),
    "bare_events_per_request": ("ours closed", "bare event"),
    "twin_bare_events": ("twin without SQLite", "bare event"),
}  # name -> (numerator, denominator), both in seconds per request


def scenario(requests_wanted: int, *, is_open: bool, cache: object) -> Scenario:
    """Return the full model of the twin's system: TTL, versions, rows in SQLite, random legs, records."""
    shared = {
        "reads": READS,
        "popularity": Zipf(keys=KEYS, skew=SKEW),
        "size": Constant(value=SIZE),
    }
    users = ClosedLoop(clients=CLIENTS, think=Exponential(mean=THINK), **shared)
    query = Exponential(mean=DB_SERVICE)
    return Scenario(
        strategy=LazyLoading(ttl=60, invalidate=True),
        cache=cache,
        node=Node(service=Exponential(mean=CACHE_SERVICE)),
        database=Database(
            connections=CONNECTIONS, buffer_read=query, disk_read=query, commit=query
        ),
        workload=OpenLoop(rate=RATE, **shared) if is_open else users,
        duration=requests_wanted / RATE,
        warmup=0,
    )


def ours(
    requests_wanted: int, *, is_open: bool = False, cache: object = Simple(items=ITEMS)
) -> float:
    """Return the seconds of CPU that one request of our model costs, its record in columns included.

    What is not included is what the twin does not do either: making a data frame of the columns.
    """
    plan = scenario(requests_wanted, is_open=is_open, cache=cache)
    recorder = Recorder()
    begin = process_time()
    System(plan, recorder.request, recorder.sample).run()
    took = process_time() - begin
    return took / requests(recorder.history())


def twin(requests_wanted: int, rows: type, *, is_open: bool = False) -> float:
    """Return the same of the textbook twin."""
    begin = process_time()
    model = Twin(rows())
    model.open(requests_wanted, RATE) if is_open else model.closed(requests_wanted)
    return (process_time() - begin) / requests_wanted


def bare() -> float:
    """Return the seconds that one event of a single process costs."""
    env = simpy.Environment()

    def tick():
        for _ in range(BARE_EVENTS):
            yield env.timeout(1.0)

    env.process(tick())
    begin = process_time()
    env.run()
    return (process_time() - begin) / BARE_EVENTS


def trace(length: int) -> list[str]:
    """Return the keys of the replay's trace: Zipf .99 over 100,000 keys."""
    rng = np.random.default_rng(42)
    sums = np.cumsum(1 / np.arange(1, 100_001) ** 0.99)
    return [f"key:{n}" for n in np.searchsorted(sums / sums[-1], rng.random(length)).tolist()]


def plain_loop(keys: list[str], items: int) -> float:
    """Return the seconds a request costs in the loop anybody would write."""
    cache: OrderedDict[str, None] = OrderedDict()
    hits = 0
    begin = process_time()
    for key in keys:
        if key in cache:
            hits += 1
            cache.move_to_end(key)
        else:
            if len(cache) >= items:
                cache.popitem(last=False)
            cache[key] = None
    return (process_time() - begin) / len(keys)


def replayed(keys: list[str], items: int) -> float:
    """Return the seconds a request costs in `replay`, without the bounds."""
    begin = process_time()
    replay(keys, Simple(items=items), bounds=False)
    return (process_time() - begin) / len(keys)


def import_seconds() -> float:
    """Return how long a warm `import cachesim` takes in a fresh process, the best of five."""
    program = (
        "import time; t = time.perf_counter(); import cachesim; print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        for _ in range(6)
    ]
    return min(float(run.stdout) for run in runs[1:])


def subjects(wanted: int) -> dict[str, Callable[[], float]]:
    """Return what is measured, in the order of one round."""
    keys = trace(1_000_000)
    return {
        "bare event": bare,
        "twin closed": lambda: twin(wanted, Rows),
        "ours closed": lambda: ours(wanted),
        "ours on Redis": lambda: ours(wanted, cache=Redis(memory=256 * 1024)),
        "twin open": lambda: twin(wanted, Rows, is_open=True),
        "ours open": lambda: ours(wanted, is_open=True),
        "twin without SQLite": lambda: twin(wanted, Dictionary),
        "plain loop": lambda: plain_loop(keys, 10_000),
        "replay": lambda: replayed(keys, 10_000),
    }


def measure(rounds: int, wanted: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return (seconds by subject, ratios), each the median over the rounds."""
    measured = subjects(wanted)
    run(scenario(2_000, is_open=False, cache=Simple(items=ITEMS)))  # imports and caches are warm
    gc.freeze()  # what the measures keep for themselves is no burden on what is measured
    table = {name: [] for name in measured}
    for _ in range(rounds):
        for name, subject in measured.items():
            gc.collect()
            table[name].append(subject())
    seconds = {name: statistics.median(times) for name, times in table.items()}
    ratios = {
        name: statistics.median(a / b for a, b in zip(table[over], table[under], strict=True))
        for name, (over, under) in RATIOS.items()
    }
    return seconds, ratios


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args()
    seconds, ratios = measure(options.rounds, options.requests)
    result = {**ratios, "import_s": import_seconds()}
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in result.items()}))
        return
    for name, value in seconds.items():
        print(f"{name:22s} {value * 1e6:8.2f} µs a request")
    for name, (over, under) in RATIOS.items():
        print(f"{name:26s} {ratios[name]:6.2f}   {over} / {under}")
    print(f"{'import_s':26s} {result['import_s']:6.2f}   seconds, in a fresh process")


if __name__ == "__main__":
    main()
