"""Plans of random loads in the simulator: each keeps its limits, and every smaller fleet breaks one.

`python benchmarks/plan_runs.py` prints the table of 20 loads; `--write` puts it into docs/howto/plan_a_fleet.md.

The loads are small, and a command takes a millisecond, so that a run takes a second. Drawn loads are left out if
the plan or a smaller fleet is within a few per cent of a limit: chance deals the keys to the shards, and the plan
knows only the mean of the busiest share.
"""

import platform
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cachesim.errors import BadInput
from cachesim.experiments.run import run
from cachesim.model.distributions import Constant
from cachesim.model.node import Node
from cachesim.node_types import NodeType
from cachesim.planner.in_the_model import scenario
from cachesim.planner.plan import FleetPlan, plan
from cachesim.planner.search import Candidate
from cachesim.rng import stream
from cachesim.units import MIB

PAGE = Path(__file__).parents[1] / "docs/howto/plan_a_fleet.md"
BEGIN, END = "<!-- made by benchmarks/plan_runs.py -->", "<!-- end -->"
LOADS = 20
TYPES = [
    NodeType(name=f"m{size}", maxmemory=size * MIB, gbps=1.0, price=0.1 + 0.1 * size**0.7)
    for size in (2, 4, 8, 16)
]
NODE = Node(service=Constant(value=1e-3))
CLEAR = 0.97, 1.08  # used at most by the plan, at least by a smaller fleet
TIMES = {"duration": 14, "warmup": 4}
MEASURED = {"memory": "evictions", "cpu": "busy"}  # limit -> what a run shows of it
HEAD = [
    "| load | fleet | evictions, busiest node | smaller fleet | predicted | evictions, busiest node |",
    "|---:|---|---:|---|---|---:|",
]


class Seen(NamedTuple):
    """What a run shows of a fleet."""

    evictions: int
    busy: float  # of the busiest node

    def broken(self, fleet: Candidate) -> set[str]:
        """Name the limits that the run breaks: keys evicted, or a node that is busier than planned."""
        limit = fleet.load.busy_limit * fleet.kind.core
        found = {"memory": self.evictions > 0, "cpu": self.busy > limit}
        return {name for name, broken in found.items() if broken}

    def __str__(self) -> str:
        return f"{self.evictions:,}, {self.busy:.0%}"


def see(fleet: Candidate) -> Seen:
    """Run a fleet under its load."""
    nodes = run(scenario(fleet).replace(**TIMES)).nodes
    parts = nodes[nodes["begin"] >= TIMES["warmup"]].groupby("node")[["begin", "cache_busy"]]
    spent = parts.last() - parts.first()
    last = nodes.groupby("node")["evictions"].last()
    return Seen(int(last.sum()), float((spent["cache_busy"] / spent["begin"]).max()))


def plans(replicas: bool = False) -> Iterator[FleetPlan]:
    """Yield the plans of random loads that are clear, without end; with `replicas`, these serve the reads."""
    for number in count():
        try:
            found = plan(types=TYPES, node=NODE, **_drawn(stream(number, "plans"), replicas))
        except BadInput:
            continue
        if bool(found.replicas) == replicas and found.smaller and _is_clear(found):
            yield found


def _drawn(rng: np.random.Generator, replicas: bool) -> dict[str, object]:
    uniform = lambda low, high: float(rng.uniform(low, high))  # noqa: E731
    load = {
        "rate": uniform(300, 3000), "keys": int(uniform(1000, 20_000)),
        "value_size": int(uniform(100, 1000)), "skew": uniform(0, 1), "writes": uniform(0, 0.3),
        "survive": "nothing",
    }  # fmt: skip
    if replicas:  # a key that is too hot for one node
        load |= {"skew": uniform(1.2, 1.6), "writes": uniform(0, 0.1), "read_from": "replica"}
    return load


def _is_clear(found: FleetPlan) -> bool:
    most, least = CLEAR
    worst = [max(_used(each)) for each in found.smaller.values()]
    return max(_used(found.fleet)) <= most and min(worst) >= least


def _used(fleet: Candidate) -> list[float]:
    return [check.used for check in fleet.checks if check.name in MEASURED]


def rows(number: int, found: FleetPlan) -> Iterator[str]:
    """Yield the lines of one load."""
    first = f"| {number} | {found.fleet} | {see(found.fleet)} |"
    for name, fleet in found.smaller.items():
        predicted = ", ".join(f"{check.name} {check.used:.0%}" for check in fleet.broken)
        yield f"{first} {name} | {predicted} | {see(fleet)} |"
        first = "| | | |"


def renewed(page: str) -> str:
    """Return the page with the table of a run on this machine."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    lines = [line for n, found in enumerate(islice(plans(), LOADS), 1) for line in rows(n, found)]
    by = f"Python {platform.python_version()}, {platform.machine()}"
    return f"{before}{BEGIN}\n\n{by}\n\n" + "\n".join([*HEAD, *lines]) + f"\n\n{END}{after}"


if __name__ == "__main__":
    text = renewed(PAGE.read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text.partition(BEGIN)[2].partition(END)[0])
