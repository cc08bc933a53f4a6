"""How fast lists, hashes and sorted sets are: called directly, beside cachetools and a real server.

    python benchmarks/structures.py [--members 100000]

A list, a hash and a sorted set get 100,000 members, one command each. The sorted set is asked for one
rank at the end, because its order is made when somebody asks. cachetools' LRU stores as many keys.
redis-benchmark sends the same commands to a real server, 16 at a time over one connection. Then ZRANK
and ZRANGE of ten are timed in sets of 62,500 and of 1,000,000 members: the larger has 16 times as many,
and log2 of it is 1.25 times as large. Last, redis-benchmark asks for GETs over 50 connections: `cachesim
serve`, and a bare asyncio server that answers a constant. The best of three rounds counts.
"""

import argparse
import asyncio
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import cachetools

from cachesim.engines.redis.engine import Redis
from cachesim.measure.tables import text_table
from cachesim.units import GIB

ROUNDS = 3
COMMANDS = {
    "LPUSH": lambda number: [b"LPUSH", b"list", b"v%d" % number],
    "HSET": lambda number: [b"HSET", b"hash", b"f%d" % number, b"v"],
    "ZADD": lambda number: [b"ZADD", b"zset", b"%d" % (number * 7919 % 1_000_003), b"m%d" % number],
}
ASKED = {"ZRANK": [b"ZRANK", b"zset"], "ZRANGE of ten": [b"ZRANGE", b"zset"]}
CONSTANT = b"$3\r\nxxx\r\n"


def build():
    return Redis(memory=8 * GIB).build(lambda: 0.0, random.Random(1).random)


def best(measure):
    """Return the highest of some rates."""
    return max(measure() for _ in range(ROUNDS))


def rate(run, calls):
    """Return the calls per second."""
    began = time.perf_counter()
    for each in calls:
        run(each)
    return len(calls) / (time.perf_counter() - began)


def ours(name, members):
    """Return how many commands per second an engine takes."""
    last = [[b"ZRANK", b"zset", b"m0"]] if name == "ZADD" else []
    return best(lambda: rate(build().run, [COMMANDS[name](n) for n in range(members)] + last))


def stored_by_cachetools(members):
    """Return how many keys per second cachetools stores."""

    def store(number):
        cache[number] = b"v"

    cache = cachetools.LRUCache(members)
    return best(lambda: rate(store, range(members)))


def grown(name, members):
    """Return the microseconds of a question to a sorted set of so many members."""
    engine = build()
    for number in range(members):
        engine.run(COMMANDS["ZADD"](number))
    engine.run([b"ZRANK", b"zset", b"m0"])  # its order is made now
    draw = random.Random(2)
    places = [draw.randrange(members - 10) for _ in range(20_000)]
    if name == "ZRANK":
        calls = [[*ASKED[name], b"m%d" % place] for place in places]
    else:
        calls = [[*ASKED[name], b"%d" % place, b"%d" % (place + 9)] for place in places]
    return 1e6 / best(lambda: rate(engine.run, calls))


def asked_by_benchmark(port, *words):
    """Return the commands per second that redis-benchmark measures."""
    bench = ["redis-benchmark", "-p", str(port), "--csv", *words]
    told = subprocess.run(bench, capture_output=True, text=True, check=True).stdout
    return float(told.splitlines()[-1].split(",")[-7].strip('"'))


def of_server(command, questions):
    """Start a server by a command and a port; return what redis-benchmark measures there."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, cwd=folder)
        while not answers(port):
            time.sleep(0.05)
        rates = [best(lambda words=words: asked_by_benchmark(port, *words)) for words in questions]
        server.terminate()
        server.wait()
    return rates


def free_port():
    """Find a port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port):
    """Whether somebody listens at a port."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Constant(asyncio.Protocol):
    """Answers every piece that comes with the reply to a GET, without looking at it."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(CONSTANT * max(1, data.count(b"*")))


async def serve_constant(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Constant, "127.0.0.1", port)
    await server.serve_forever()


def show_structures(members):
    """Print the rates of the commands that store."""
    peer = stored_by_cachetools(members)
    real = dict.fromkeys(COMMANDS, float("nan"))
    if shutil.which("redis-server"):
        asked = [
            ("-n", str(members), "-c", "1", "-P", "16", "-r", str(members), *words)
            for words in (
                ("lpush", "list", "v__rand_int__"),
                ("hset", "hash", "f__rand_int__", "v"),
                ("zadd", "zset", "__rand_int__", "m__rand_int__"),
            )
        ]
        command = ["redis-server", "--save", "", "--bind", "127.0.0.1", "--port"]
        real = dict(zip(COMMANDS, of_server(command, asked), strict=True))
    rows = []
    for name in COMMANDS:
        mine = ours(name, members)
        rows.append(
            [
                name,
                f"{mine:,.0f}",
                f"{mine / peer:.2f}",
                f"{real[name]:,.0f}",
                f"{mine / real[name]:.2f}",
            ]
        )
    print(text_table(["", "per second", "of cachetools", "real, 16 at a time", "ratio"], rows))


def show_growth():
    """Print what a question costs in a small and in a large sorted set."""
    rows = []
    for name in ASKED:
        few, many = grown(name, 62_500), grown(name, 1_000_000)
        rows.append([name, f"{few:.1f} µs", f"{many:.1f} µs", f"{many / few:.2f}"])
    print("\n" + text_table(["", "62,500 members", "1,000,000", "ratio"], rows))


def show_serve():
    """Print how fast `cachesim serve` is beside a server that only answers."""
    get = [("-t", "get", "-c", "50", "-n", "100000")]
    (mine,) = of_server([sys.executable, "-m", "cachesim", "serve", "--port"], get)
    (bare,) = of_server([sys.executable, __file__, "--constant"], get)
    print(
        f"\nGET over 50 connections: cachesim serve {mine:,.0f}/s, a bare asyncio server {bare:,.0f}/s, "
        f"ratio {mine / bare:.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--constant", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.constant is not None:
        asyncio.run(serve_constant(given.constant))
        return
    show_structures(given.members)
    show_growth()
    if shutil.which("redis-benchmark"):
        show_serve()


if __name__ == "__main__":
    main()
