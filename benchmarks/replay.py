"""How fast replays and miss-ratio curves are, beside libcachesim in the same run: python benchmarks/replay.py.

The figures of docs/background/performance.md, section "Replay", are what this printed.
"""

import argparse

from cachesim.cli.bench_replay import HEADER, cells, rows
from cachesim.measure.tables import text_table


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    table = [cells(row) for row in rows(options.requests, options.rounds)]
    print(text_table(HEADER, table, left=True))


if __name__ == "__main__":
    main()
