"""How stale reads are: by versions, by seconds, and as curves (PBS).

References
----------
Bailis et al., "Probabilistically bounded staleness for practical partial quorums", PVLDB 5(8), 2012.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cachesim.measure.checks.verdict import Verdict, judged, requests_of
from cachesim.measure.metrics import answered

if TYPE_CHECKING:
    import pandas as pd


def bounded_staleness(history: pd.DataFrame, versions: int = 0, seconds: float = 0.0) -> Verdict:
    """Check that no read is both more than `versions` versions behind and outdated for more than `seconds`.

    With the defaults, no read may return an older version than the newest one acknowledged before it began
    (Lamport's regular register). A read of unknown age counts as old.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.0, 1.0, None, 1, 1, 0, 0, None))
    >>> recorder.request((1, "read", "k", 3.0, 3.5, "hit", 0, 0, 1, 1, None))
    >>> (
    ...     bounded_staleness(recorder.history()).word,
    ...     bounded_staleness(recorder.history(), seconds=5).word,
    ... )
    ('not ok', 'ok')
    """
    reads = answered(history).sort_values("begin", kind="stable")
    behind = (reads["acknowledged"] - reads["version"]).fillna(0)
    bad = reads[(behind > versions) & (reads["age"].fillna(math.inf) > seconds)]
    sentence, example = "", bad
    if len(bad):
        example = _with_write(history, bad.index[0])
        sentence = _describe(example, bad.iloc[0])
    return judged("no stale read", len(reads), bad, "no read returned a row", sentence, example)


def _with_write(history: pd.DataFrame, stale: int) -> pd.DataFrame:
    """Return the earliest known write that a stale read should have seen, and the read after it."""
    row = history.loc[stale]
    writes = requests_of(history)
    newer = (writes["op"] == "write") & (writes["key"] == row["key"])
    newer &= (writes["version"] > row["version"]).fillna(False) & (writes["end"] <= row["begin"])
    found = writes[newer].sort_values("end", kind="stable").index[:1]
    return history.loc[[*found, stale]]


def _describe(example: pd.DataFrame, read: pd.Series) -> str:
    said = f'read of "{read["key"]}" at t={read["begin"]:.6g} s returned version {read["version"]}'
    if len(example) == 1:
        return f"{said}; version {read['acknowledged']} had been acknowledged before"
    write = example.iloc[0]
    return f"{said}; version {write['version']} was acknowledged at t={write['end']:.6g} s"


def k_staleness(history: pd.DataFrame, most: int = 10) -> list[tuple[int, float]]:
    """Return (k, share of the reads at most k versions behind) for k = 0 .. `most`; NaN without reads.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> for version in (3, 3, 2, 0):
    ...     recorder.request((0, "read", "k", 0.0, 1.0, "hit", version, version, 3, 3, None))
    >>> k_staleness(recorder.history(), most=3)
    [(0, 0.5), (1, 0.75), (2, 0.75), (3, 1.0)]
    """
    reads = answered(history)
    behind = (reads["acknowledged"] - reads["version"]).dropna()
    return [(k, float((behind <= k).mean()) if len(behind) else math.nan) for k in range(most + 1)]


def t_visibility(history: pd.DataFrame, times: Sequence[float]) -> list[tuple[float, float]]:
    """Return (t, share of fresh reads among those that began t or more seconds after the newest acknowledged write).

    Reads of keys that were never written do not count. NaN if no read is that late.

    Parameters
    ----------
    times : sequence of float
        The moments t, in seconds.
    """
    reads, age = _since_newest_write(history)
    fresh = (reads["version"] >= reads["acknowledged"]).astype(float)
    return [
        (t, float(fresh[age >= t].mean()) if bool((age >= t).any()) else math.nan) for t in times
    ]


def _since_newest_write(history: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the reads of written keys, and the seconds since the newest write was acknowledged."""
    rows = requests_of(history)
    writes = rows[(rows["op"] == "write") & rows["version"].notna()]
    newest = writes.drop_duplicates(["key", "version"]).set_index(["key", "version"])["end"]
    reads = answered(history)
    reads = reads[(reads["acknowledged"] > 0).fillna(False)]
    acknowledged = newest.reindex(list(zip(reads["key"], reads["acknowledged"], strict=True)))
    age = reads["begin"] - acknowledged.to_numpy()
    return reads[age.notna()], age[age.notna()]
