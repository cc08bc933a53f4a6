"""Whether each key behaved like one register on one machine: linearizability, key by key.

Every value names the write that made it, so we know which read saw which write. That makes the question easy;
otherwise it is NP-complete. All operations on one value, its write and its reads, are a *cluster*. The value was
certainly there from `first_end`, the earliest end of an operation of the cluster, to `last_begin`, the latest
begin. Of two values a and b, a must come before b if an operation on a ended before one on b began:

    a.first_end < b.last_begin          a before b
    b.first_end < a.last_begin          b before a

The key is linearizable if and only if no two values must both come before the other, and no read ended before
its write began. It is enough to look at each key by itself (locality: Herlihy and Wing 1990).

References
----------
Gibbons and Korach, "Testing shared memories", SIAM Journal on Computing 26(4), 1997: zones.
Anderson et al., "What consistency does your key-value store actually provide?", HotDep 2010.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from cachesim.measure.checks.verdict import Verdict
from cachesim.measure.outcomes import UNKNOWN, outcome

if TYPE_CHECKING:
    import pandas as pd

ABSENT = -1  # stands for the write of "no such row"


class RegisterOperation(NamedTuple):
    """A read or a write of one key."""

    begin: float
    end: float  # inf: it may have taken effect at any time after its begin
    write: int  # id of the write that made its value
    writes: bool
    row: int  # its label in the history; -1: it is not in the history


class ValueCluster:
    """All operations on one value."""

    def __init__(self, write: RegisterOperation) -> None:
        self.write = self.first = self.last = write  # first to end, last to begin
        self.early: RegisterOperation | None = None  # a read that ended before its write began

    def add(self, read: RegisterOperation) -> None:
        """Add a read of the value."""
        if read.end < self.write.begin:
            self.early = read
        self.first = min(self.first, read, key=lambda op: op.end)
        self.last = max(self.last, read, key=lambda op: op.begin)

    @property
    def is_forward(self) -> bool:
        """True if the value was certainly there for a while; only two such values can conflict."""
        return self.first.end < self.last.begin


def linearizable(history: pd.DataFrame) -> Verdict:
    """Check that the requests on each key could have happened one at a time, each between its begin and end.

    A failed write that may have happened can take effect at any time after its begin, or never. Failed reads, and
    writes that certainly did not happen, do not count.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.0, 1.0, None, 1, 1, 0, 0, None))
    >>> recorder.request((1, "read", "k", 2.0, 3.0, "hit", 0, 0, 1, 1, None))
    >>> print(linearizable(recorder.history()).word)
    not ok

    Returns
    -------
    Verdict
        Its example is the shortest one: these requests alone break the rule. `violations` counts keys.
    """
    broken: list[tuple[str, list[RegisterOperation]]] = []
    keys = 0
    for key, operations in _by_key(history):
        keys += 1
        if found := shortest_conflict(operations):
            broken.append((key, found))
    if not keys:
        return Verdict("linearizable", None, "no read returned a row")
    if not broken:
        return Verdict("linearizable", True, f"{keys:,} keys checked")
    key, example = min(broken, key=lambda found: (len(found[1]), found[1][-1].end))
    rows = history.loc[[op.row for op in example if op.row >= 0]]
    why = f'{len(broken):,} of {keys:,} keys; "{key}": {_describe(rows)}'
    return Verdict("linearizable", False, why, rows, len(broken))


def shortest_conflict(operations: Iterable[RegisterOperation]) -> list[RegisterOperation]:
    """Return the fewest operations that no order can explain, sorted by begin; [] if the key is linearizable."""
    clusters = _clusters(operations)
    conflicts = [_of_early_read(c) for c in clusters if c.early is not None]
    conflicts += [_of_pair(*pair) for pair in _pairs(clusters)]
    return min(conflicts, key=lambda found: (len(found), found[-1].end), default=[])


def _clusters(operations: Iterable[RegisterOperation]) -> list[ValueCluster]:
    """Return the clusters of one key; a value without a write in the history was there before."""
    reads: list[RegisterOperation] = []
    clusters: dict[int, ValueCluster] = {}
    for op in operations:
        if op.writes:
            clusters[op.write] = ValueCluster(op)
        else:
            reads.append(op)
    for read in reads:
        if read.write not in clusters:
            clusters[read.write] = ValueCluster(_before_the_history(read.write))
        clusters[read.write].add(read)
    return [c for c in clusters.values() if c.first.end < math.inf]  # else no one saw the value


def _before_the_history(write: int) -> RegisterOperation:
    """Return the write of a value whose write is not in the history.

    The write of the loaded rows had ended before. Nothing is known of any other, as in a part of a history.
    """
    end = -math.inf if write in (0, ABSENT) else math.inf
    return RegisterOperation(-math.inf, end, write, True, -1)


def _pairs(clusters: list[ValueCluster]) -> Iterator[tuple[ValueCluster, ValueCluster]]:
    """Yield pairs of values that must both come before the other; every such value is in at least one pair."""
    forward = sorted((c for c in clusters if c.is_forward), key=lambda c: c.first.end)
    longest = list(accumulate(forward, _wanted_later))
    for before, cluster in zip(longest, forward[1:], strict=False):
        if cluster.first.end < before.last.begin:
            yield before, cluster
    for cluster in clusters:
        place = bisect_left(forward, cluster.last.begin, key=lambda c: c.first.end)
        if place and not cluster.is_forward and cluster.first.end < longest[place - 1].last.begin:
            yield longest[place - 1], cluster


def _wanted_later(one: ValueCluster, other: ValueCluster) -> ValueCluster:
    return other if other.last.begin > one.last.begin else one


def _of_pair(one: ValueCluster, other: ValueCluster) -> list[RegisterOperation]:
    """Return the operations of a conflict: those that order the two values, and the two writes."""
    found = {op for c in (one, other) for op in (c.write, c.first, c.last)}
    return sorted(found, key=lambda op: (op.begin, op.end))


def _of_early_read(cluster: ValueCluster) -> list[RegisterOperation]:
    return [op for op in (cluster.early, cluster.write) if op is not None]


def _by_key(history: pd.DataFrame) -> Iterator[tuple[str, list[RegisterOperation]]]:
    """Yield each key that was read, with the operations that count."""
    rows = history[history["op"].isin(["read", "write"]) & history["key"].notna()]
    is_write = rows["op"] == "write"
    unsure = outcome(rows) == UNKNOWN
    rows = rows[(rows["error"].isna() | unsure) & (rows["write"].notna() | ~is_write)]
    ends = rows["end"].mask(unsure.reindex(rows.index), math.inf)
    writes = rows["write"].fillna(ABSENT).astype("int64")
    wrote = rows["op"] == "write"
    table = zip(rows["key"], rows["begin"], ends, writes, wrote, rows.index, strict=True)
    by_key: dict[str, list[RegisterOperation]] = {}
    for key, *fields in table:
        by_key.setdefault(key, []).append(RegisterOperation(*fields))
    if not any(op.write != ABSENT for ops in by_key.values() for op in ops if not op.writes):
        return  # the history does not tell values apart
    yield from ((k, ops) for k, ops in by_key.items() if not all(op.writes for op in ops))


def _describe(rows: pd.DataFrame) -> str:
    """Return one line about the requests of an example."""
    verbs = {"read": "read", "write": "wrote"}
    return "; ".join(
        f"{_client(row)} {verbs[str(row.op)]} {_named(row)} from t={row.begin:.6g} to {row.end:.6g} s"
        for row in rows.itertuples()
    )


def _client(row: Any) -> str:
    import pandas as pd

    return "a client" if pd.isna(row.client) else f"client {row.client}"


def _named(row: Any) -> str:
    import pandas as pd

    if not pd.isna(row.version):
        return f"version {row.version}"
    return "nothing" if pd.isna(row.write) else f"the value of write {row.write}"
