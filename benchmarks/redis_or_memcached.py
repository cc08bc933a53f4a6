"""Redis or Memcached: the trade-offs as a table, every figure from a run with the embedded engines.

`python benchmarks/redis_or_memcached.py --write` puts the table into docs/background/redis_or_memcached.md. All
is seeded: the same code gives the same table, and a test holds the page to it.
"""

import random
import sys
from pathlib import Path

import cachesim as cs

PAGE = Path(__file__).parents[1] / "docs/background/redis_or_memcached.md"
BEGIN, END = "<!-- made by benchmarks/redis_or_memcached.py -->", "<!-- end -->"
MEMORY = 4 * cs.MIB
ENGINES = (cs.Redis, cs.Memcached)
KEY = 12  # bytes of a key


def bytes_a_key(kind, size):
    """Return the bytes that a key with a value of `size` bytes takes when the memory is full."""
    clock = cs.ManualClock()
    engine = kind(memory=MEMORY).build(clock, random.Random(1).random)
    for number in range(int(1.1 * MEMORY / (size + 48))):
        clock.advance(0.001)
        engine.set(f"key:{number:08d}", b"x" * size)
    return MEMORY / len(engine)


def worst_use(kind):
    """Return the least share of memory that holds keys and values, over sizes from 500 to 1,000 bytes."""
    return min((size + KEY) / bytes_a_key(kind, size) for size in range(500, 1001, 20))


def lifetimes(kind):
    """Return the shortest and the longest life of 200 values with a TTL of 10 s, to 10 ms."""
    draw, lives = random.Random(2), []
    for _ in range(200):
        clock = cs.ManualClock(begin := draw.random())
        engine = kind().build(clock, draw.random)
        engine.set("a", b"1", 10)
        clock.advance(8.5)
        while engine.get("a") is not None:
            clock.advance(0.01)
        lives.append(clock() - begin)
    return min(lives), max(lives)


def run(**fields):
    """Return the metrics of a run of reads."""
    return cs.run(cs.Scenario(duration=20, warmup=10, seed=1).replace(**fields)).metrics


def hit_ratio(kind, popularity):
    """Return the hit ratio of a cache that holds about a fifth of the keys."""
    workload = cs.OpenLoop(rate=2000, reads=1.0, popularity=popularity)
    return run(cache=kind(memory=MEMORY), workload=workload)["hit_ratio"]


def p99(kind, load):
    """Return the p99 of reads in ms, when one worker would be busy for the share `load` of the time."""
    service = cs.distributions.Exponential(mean=1e-3)
    workload = cs.OpenLoop(
        rate=1000 * load, reads=1.0, popularity=cs.popularity.Zipf(keys=500, skew=0.9)
    )
    fields = {"cache": kind(), "node": cs.Node(service=service), "start": "warm"}
    return 1000 * run(strategy=cs.LazyLoading(), workload=workload, **fields)["read_p99"]


def rows():
    """Yield what is compared, the figure of each engine, and who is better off."""
    popular, scanned = (
        cs.popularity.Zipf(keys=30_000, skew=0.9),
        cs.popularity.Scan(keys=30_000, skew=0.9, share=0.2),
    )
    for size in (20, 100, 1000, 5000):
        yield (
            f"bytes that a key takes, value of {size:,}",
            [f"{bytes_a_key(k, size):,.0f}" for k in ENGINES],
        )
    yield (
        "least share of memory in use, values of 500 to 1,000",
        [f"{worst_use(k):.0%}" for k in ENGINES],
    )
    yield "a TTL of 10 s lasts", ["{:.2f} to {:.2f} s".format(*lifetimes(k)) for k in ENGINES]
    yield "hit ratio, Zipf 0.9", [f"{hit_ratio(k, popular):.1%}" for k in ENGINES]
    yield (
        "hit ratio, with a scan (a fifth of the requests)",
        [f"{hit_ratio(k, scanned):.1%}" for k in ENGINES],
    )
    for load in (0.5, 0.9):
        name = f"p99 where 1 ms commands would fill {load:.0%} of one thread"
        yield name, [f"{p99(k, load):.1f} ms" for k in ENGINES]


def table():
    """Return the table in Markdown."""
    lines = ["| | Redis (allkeys-lru) | Memcached (4 threads) |", "|---|---|---|"]
    return "\n".join(lines + [f"| {name} | {' | '.join(figures)} |" for name, figures in rows()])


def renewed(page):
    """Return the page with a new table."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(renewed(PAGE.read_text()))
    else:
        print(table())
