"""How fast the engines are when called directly, beside cachetools' LRU in the same run; and `cachesim serve`.

    python benchmarks/engines.py [--requests 300000] [--serve]

A request is a GET, and a SET of 100 bytes if it misses; keys by Zipf .99 out of 100,000, the clock moves 1 ms
per request, about a tenth of the keys fit. Operations are GETs and SETs together. The rounds take turns, and the
best of three counts: other work on the machine can only make a round slower. With --serve, redis-benchmark asks a
`cachesim serve` for GETs over 50 connections.
"""

import argparse
import shutil
import subprocess
import sys
import time

import cachetools

from cachesim.engines.memcached.engine import Memcached
from cachesim.engines.redis.engine import Redis
from cachesim.engines.simple import Simple
from cachesim.measure.tables import text_table
from cachesim.model.popularity import Zipf
from cachesim.model.workload import key_name
from cachesim.rng import stream, uniform
from cachesim.units import MIB

ROUNDS = 3
VALUE = b"x" * 100
SPECS = {
    "redis allkeys-lru": Redis(memory=2 * MIB),
    "redis allkeys-lfu": Redis(memory=2 * MIB, policy="allkeys-lfu"),
    "redis allkeys-random": Redis(memory=2 * MIB, policy="allkeys-random"),
    "memcached": Memcached(memory=2 * MIB),
    "simple LRU": Simple(items=10_900),
}


def keys(requests):
    names = [key_name(number) for number in range(100_000)]
    picked = Zipf(keys=100_000, skew=0.99).pick(stream(1, "keys"), requests, 0)
    return [names[number] for number in picked.tolist()]


def engine_round(spec, asked):
    now = [0.0]
    engine = spec.build(lambda: now[0], uniform(1, "eviction"))
    get, put, stored = engine.get, engine.set, 0
    began = time.perf_counter()
    for number, key in enumerate(asked):
        now[0] = number * 0.001
        if get(key) is None:
            put(key, VALUE)
            stored += 1
    return (len(asked) + stored) / (time.perf_counter() - began)


def cachetools_round(asked):
    cache, stored = cachetools.LRUCache(10_900), 0
    began = time.perf_counter()
    for key in asked:
        if cache.get(key) is None:
            cache[key] = VALUE
            stored += 1
    return (len(asked) + stored) / (time.perf_counter() - began)


def serve_round():
    command = [sys.executable, "-m", "cachesim", "serve", "--port", "0", "--maxmemory", "64mb"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().split(" listens at ")[1].split()[0].rpartition(":")[2]
    bench = ["redis-benchmark", "-p", port, "-t", "get", "-c", "50", "-n", "200000", "--csv"]
    told = subprocess.run(bench, capture_output=True, text=True, check=True).stdout
    server.terminate()
    server.wait()
    return float(told.splitlines()[-1].split(",")[1].strip('"'))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=300_000)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    asked = keys(options.requests)
    best = dict.fromkeys([*SPECS, "cachetools LRU"], 0.0)
    for _ in range(ROUNDS):
        for name, spec in SPECS.items():
            best[name] = max(best[name], engine_round(spec, asked))
        best["cachetools LRU"] = max(best["cachetools LRU"], cachetools_round(asked))
    peer = best["cachetools LRU"]
    rows = [[name, f"{rate / 1e6:.2f}", f"{rate / peer:.2f}"] for name, rate in best.items()]
    print(text_table(["engine", "M operations/s", "of cachetools"], rows))
    if options.serve and shutil.which("redis-benchmark"):
        print(f"\ncachesim serve: {serve_round():,.0f} GET/s over 50 connections (redis-benchmark)")


if __name__ == "__main__":
    main()
