"""Speed against peers, side by side: python benchmarks/speed.py [--json] [--rounds 5] [--requests 100000].

Everything runs interleaved in one process and is printed as a ratio, because the machine drifts and a
ratio does not. The peer of the model is the textbook twin (cachesim/cli/peers/textbook.py); the peer of
replay is a plain OrderedDict loop; the yardstick is one bare SimPy event.
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

from cachesim.cli.peers.ours import ITEMS, ours, scenario, twin
from cachesim.cli.peers.queues import bare_event
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.replay import replay

RATIOS = {
    "textbook_ratio": ("twin closed", "ours closed"),
    "open_loop_ratio": ("twin open", "ours open"),
    "redis_ratio": ("twin closed", "ours on Redis"),
    "replay_ratio": ("plain loop", "replay"),
    "bare_events_per_request": ("ours closed", "bare event"),
    "twin_bare_events": ("twin without SQLite", "bare event"),
}  # name -> (numerator, denominator), both in seconds per request


def trace(length: int) -> list[str]:
    """Return the keys of the replay's trace: Zipf .99 over 100,000 keys."""
    rng = np.random.default_rng(42)
    sums = np.cumsum(1 / np.arange(1, 100_001) ** 0.99)
    return [f"key:{n}" for n in np.searchsorted(sums / sums[-1], rng.random(length)).tolist()]


def plain_loop(keys: list[str], items: int) -> float:
    """Return the seconds per request in the loop that anybody would write."""
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
    """Return the seconds per request in `replay`, without the bounds, played by the engine itself."""
    begin = process_time()
    replay(keys, Simple(items=items), bounds=False, compiled=False)
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
    """List the subjects, in the order of one round."""
    keys = trace(1_000_000)
    return {
        "bare event": bare_event,
        "twin closed": lambda: twin(wanted),
        "ours closed": lambda: ours(wanted),
        "ours on Redis": lambda: ours(wanted, cache=Redis(memory=256 * 1024)),
        "twin open": lambda: twin(wanted, is_open=True),
        "ours open": lambda: ours(wanted, is_open=True),
        "twin without SQLite": lambda: twin(wanted, sql=False),
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
