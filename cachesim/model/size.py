"""How large a run would be: estimated before it starts, and compared with what one machine can do.

The figures were measured on Linux with CPython 3.11 (docs/background/performance.md); the limits are those
of a usual laptop. A run within the limits may still be slow. A run beyond them would never end, or would
fill the memory.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from cachesim.errors import BadInput
from cachesim.model.blueprint import Blueprint
from cachesim.model.workload import Scale
from cachesim.units import GIB, MIB, show_size

ROW = 270  # bytes per key beside its value: its name twice, its row, its size, its place in the popularity
USER = 3_200  # bytes per user with a request under way
RECORD = 80  # bytes per request in the history, and while the frame is made
LOOK = 200  # bytes per sample


class Limit(NamedTuple):
    """The largest amount that a run may have, and what to lower."""

    most: float
    advice: str


LIMITS = {
    "requests": Limit(1e8, "lower the rate, the clients or the duration"),
    "samples": Limit(1e7, "raise sample_every, or lower the duration"),
    "bytes in its largest value": Limit(512 * MIB, "lower the size of the values"),
    "bytes of memory": Limit(
        4 * GIB, "lower the keys, the size of the values, the clients or the requests"
    ),
}
MOST_RUNS = 100_000
MOST_REQUESTS = 1e10  # of all runs together


def check_size(blueprint: Blueprint) -> float:
    """Estimate how many requests a run would make; refuse a run that is too large.

    >>> from cachesim.scenario import Scenario
    >>> check_size(Scenario(duration=70))
    70000.0

    Raises
    ------
    BadInput
        The run is too large for one machine; the sentence names its need, the limit, and what to lower.
    """
    scale = blueprint.workload.scale(blueprint.duration)
    for what, amount in _estimates(blueprint, scale).items():
        limit = LIMITS[what]
        if not amount <= limit.most:
            raise BadInput(
                f"this run would have about {shown(amount, what)}, and {shown(limit.most, what)} "
                f"is the limit; {limit.advice}"
            )
    return scale.requests


def check_runs(runs: int, requests: float) -> None:
    """Refuse an experiment with more runs, or more requests in all runs, than one machine can do.

    Raises
    ------
    BadInput
        The experiment is too large; the sentence names the number, the limit, and what to lower.
    """
    advice = "lower the replications, or vary fewer values"
    for amount, most, what in ((runs, MOST_RUNS, "runs"), (requests, MOST_REQUESTS, "requests")):
        if not amount <= most:
            raise BadInput(
                f"this would be about {shown(amount, what)} in all, and {shown(most, what)} is the limit; {advice}"
            )


def _estimates(blueprint: Blueprint, scale: Scale) -> dict[str, float]:
    looks = blueprint.duration / blueprint.sample_every
    rows = scale.keys * (ROW + scale.value_size)
    memory = rows + scale.requests * RECORD + looks * LOOK + (blueprint.workload.users or 0) * USER
    return dict(zip(LIMITS, (scale.requests, looks, scale.largest, memory), strict=True))


def shown(amount: float, what: str) -> str:
    """Format an amount for people.

    >>> shown(7e10, "requests"), shown(7.6e9, "bytes of memory")
    ('70,000,000,000 requests', '7.078 GiB of memory')
    """
    if what.startswith("bytes") and amount < math.inf:
        return (
            show_size(amount) + what.removeprefix("bytes")
            if amount < 1e15
            else f"{amount:.3g} {what}"
        )
    return f"{amount:,.0f} {what}" if amount < 1e15 else f"{amount:.3g} {what}"
