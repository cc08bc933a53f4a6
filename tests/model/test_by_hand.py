"""Five requests through every strategy, worked out by hand: every field of every record.

One row, "a", at version 0. A visit to the cache takes 1.5 s (1 s of service, 0.5 s of network), a read
of the database 10.5 s, a commit 20.5 s. Read at 100, read at 200, write at 300, read at 400, read at 500.
"""

import math

import pytest

from cachesim.engines.simple import Simple
from cachesim.experiments.run import run
from cachesim.measure.history import select_requests
from cachesim.model.database import Database
from cachesim.model.distributions import Constant
from cachesim.model.network import Network
from cachesim.model.node import Node
from cachesim.model.strategies.lazy import (
    DoubleDelete,
    InvalidateFirst,
    LazyLoading,
    NoCache,
    WriteAround,
)
from cachesim.model.strategies.through import ReadThrough, WriteThrough
from cachesim.model.workload import Workload
from cachesim.records import REQUEST
from cachesim.scenario import Scenario

SCRIPT = ((100.0, "read"), (100.0, "read"), (100.0, "write"), (100.0, "read"), (100.0, "read"))


class FiveRequests(Workload):
    """The script above."""

    def keys_loaded(self):
        return ["a"]

    def requests(self, seed):
        return ((gap, op, "a") for gap, op in SCRIPT)

    def size_of(self, key):
        return 100


def served(strategy):
    """Return the five records under a strategy, as tuples."""
    scenario = Scenario(
        strategy=strategy,
        cache=Simple(),
        node=Node(service=Constant(value=1.0), per_byte=0),
        database=Database(
            connections=1,
            buffer_hit_ratio=1.0,
            buffer_read=Constant(value=10.0),
            commit=Constant(value=20.0),
        ),
        network=Network(in_zone=Constant(value=0.5)),
        workload=FiveRequests(),
        duration=600,
        warmup=0,
    )
    rows = select_requests(run(scenario).history)[list(REQUEST)]
    return [
        tuple(None if value is missing(value) else value for value in row)
        for row in rows.itertuples(index=False)
    ]


def missing(value):
    """Return the value itself if it stands for nothing (NaN or NA)."""
    return value if value is None or value != value or str(value) == "<NA>" else object()


def record(op, begin, took, lookup, version, newest):
    """Return one record: of client 0, key "a"; version 1 is that of write 1; newest acknowledged = committed."""
    write = 1 if op == "write" else version
    return (0, op, "a", begin, begin + took, lookup, write, version, newest, newest, None)


HIT, FILL, DB, COMMIT = 1.5, 1.5 + 10.5 + 1.5, 10.5, 20.5

EXPECTED = {
    "no cache: the database answers, always fresh": (
        NoCache(),
        [(DB, None, 0, 0), (DB, None, 0, 0), (COMMIT, None, 1, 0), (DB, None, 1, 1), (DB, None, 1, 1)],
    ),
    "lazy loading: version 0 filled at 112 lives 350 s, so the read at 400 is stale, that at 500 expired": (
        LazyLoading(ttl=350),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT, None, 1, 0), (HIT, "hit", 0, 1), (FILL, "expired", 1, 1)],
    ),
    "lazy loading with invalidation: the write deletes, the next read fills version 1": (
        LazyLoading(invalidate=True),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT + HIT, None, 1, 0)]
        + [(FILL, "invalidated", 1, 1), (HIT, "hit", 1, 1)],
    ),
    "write-around: nothing ever replaces version 0": (
        WriteAround(),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT, None, 1, 0), (HIT, "hit", 0, 1), (HIT, "hit", 0, 1)],
    ),
    "delete before the commit: the next read fills version 1, as no read came in between": (
        InvalidateFirst(),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (HIT + COMMIT, None, 1, 0)]
        + [(FILL, "invalidated", 1, 1), (HIT, "hit", 1, 1)],
    ),
    "double delete: at 301.5, and 100 s after the commit at 322 what the read at 400 has filled by 413.5": (
        DoubleDelete(wait=100),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (HIT + COMMIT, None, 1, 0)]
        + [(FILL, "invalidated", 1, 1), (FILL, "invalidated", 1, 1)],
    ),
    "read-through: the client does not wait for the fill": (
        ReadThrough(invalidate=True),
        [(HIT + DB, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT + HIT, None, 1, 0)]
        + [(HIT + DB, "invalidated", 1, 1), (HIT, "hit", 1, 1)],
    ),
    "write-through: the write sets version 1": (
        WriteThrough(),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT + HIT, None, 1, 0), (HIT, "hit", 1, 1), (HIT, "hit", 1, 1)],
    ),
    "write-through without fill: only the write brings the key in": (
        WriteThrough(fill=False),
        [(HIT + DB, "cold", 0, 0), (HIT + DB, "cold", 0, 0), (COMMIT + HIT, None, 1, 0)]
        + [(HIT, "hit", 1, 1), (HIT, "hit", 1, 1)],
    ),
    "write-through with TTL: set at 322, it lives 100 s, so the read at 500 fills again": (
        WriteThrough(ttl=100),
        [(FILL, "cold", 0, 0), (HIT, "hit", 0, 0), (COMMIT + HIT, None, 1, 0)]
        + [(HIT, "hit", 1, 1), (FILL, "expired", 1, 1)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPECTED)
def test_five_requests(case):
    """Every field of the five records is what the hand computed."""
    strategy, rows = EXPECTED[case]
    begins = [100.0, 200.0, 300.0, 400.0, 500.0]
    expected = [
        record(op, begin, *row) for (_, op), begin, row in zip(SCRIPT, begins, rows, strict=True)
    ]

    assert expected == served(strategy)


def test_an_absent_row_reads_as_none():
    """A key that the database does not have gives no value, no version and no fill."""

    class Absent(FiveRequests):
        def keys_loaded(self):
            return []

        def requests(self, seed):
            return iter([(1.0, "read", "a"), (100.0, "read", "a")])

    result = run(
        Scenario(workload=Absent(), cache=Simple(), strategy=LazyLoading(), duration=300, warmup=0)
    )
    reads = select_requests(result.history)

    assert [True, True] == reads["version"].isna().tolist()
    assert ["cold", "cold"] == reads["lookup"].tolist()
    assert math.isnan(result.metrics["stale_ratio"])
