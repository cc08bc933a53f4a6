"""How fast scripts are: EVAL of two calls, called directly, and beside a real server over one connection.

    python -m benchmarks.scripts [--scripts 20000]

The script stores a value and reads it. The two servers are asked one script after the other, by one client that
waits for each reply. `ratio` is the rate of the script beside that of the two plain commands. The best of five
rounds counts: other work on the machine can only make a round slower.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time

from cachesim.engines.redis.engine import Redis
from cachesim.measure.tables import text_table
from tests.wire.real import Client, free_ports, wait_until

ROUNDS = 5
SCRIPT = b"redis.call('set', KEYS[1], ARGV[1]) return redis.call('get', KEYS[1])"
EVAL = [b"EVAL", SCRIPT, b"1", b"key", b"value"]
PLAIN = [[b"SET", b"key", b"value"], [b"GET", b"key"]]


def rate(run, commands, count):
    """Return how often the commands run per second, at best."""
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(count):
            for command in commands:
                run(command)
        best = max(best, count / (time.perf_counter() - began))
    return best


def answers(port):
    try:
        Client(port).close()
    except OSError:
        return False
    return True


def served(command, count):
    """Return the rates of a server that is started by this command, and a port."""
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, cwd=folder)
        wait_until(lambda: answers(port), "the server")
        client = Client(port)
        rates = [rate(lambda words: client.ask(*words), each, count) for each in ([EVAL], PLAIN)]
        client.close()
        server.terminate()
        server.wait()
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scripts", type=int, default=20_000)
    count = parser.parse_args().scripts
    engine = Redis().build(time.monotonic, lambda: 0.5)
    rows = {"called directly": [rate(engine.run, each, count) for each in ([EVAL], PLAIN)]}
    rows["cachesim serve"] = served(
        [sys.executable, "-m", "cachesim", "serve", "--port"], count // 4
    )
    if shutil.which("redis-server"):
        command = ["redis-server", "--save", "", "--bind", "127.0.0.1", "--port"]
        rows["redis-server"] = served(command, count // 4)
    shown = [[name, f"{a:,.0f}", f"{b:,.0f}", f"{a / b:.2f}"] for name, (a, b) in rows.items()]
    print(text_table(["", "EVAL/s", "SET and GET/s", "ratio"], shown))


if __name__ == "__main__":
    main()
