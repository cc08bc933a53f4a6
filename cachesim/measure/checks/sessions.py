"""What one client may expect of its own requests: to read what it wrote, and never an older version again.

References
----------
Terry et al., "Session guarantees for weakly consistent replicated data", PDIS 1994.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.checks.verdict import Verdict, judged, requests_of

if TYPE_CHECKING:
    import pandas as pd


def read_your_writes(history: pd.DataFrame) -> Verdict:
    """Check that a client never reads an older version of a key than it has written.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((7, "write", "k", 0.0, 1.0, None, 1, 1, 0, 0, None))
    >>> recorder.request((7, "read", "k", 2.0, 2.5, "hit", 0, 0, 1, 1, None))
    >>> read_your_writes(recorder.history()).word
    'not ok'
    """
    return _never_back(
        history,
        "read your writes",
        "write",
        "had written",
        "no client read a key after it had written it",
    )


def monotonic_reads(history: pd.DataFrame) -> Verdict:
    """Check that a client never reads an older version of a key than it has read before.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((7, "read", "k", 0.0, 1.0, "hit", 1, 1, 1, 1, None))
    >>> recorder.request((7, "read", "k", 2.0, 2.5, "hit", 0, 0, 1, 1, None))
    >>> monotonic_reads(recorder.history()).word
    'not ok'
    """
    return _never_back(
        history, "monotonic reads", "read", "had read", "no client read the same key twice"
    )


def _never_back(history: pd.DataFrame, rule: str, op: str, did: str, nothing: str) -> Verdict:
    """Check reads against the newest version that the same client knew from its requests of kind `op`."""
    rows = requests_of(history)
    rows = rows[rows["version"].notna()]
    version = rows["version"].astype("int64")
    session = [rows["client"], rows["key"]]
    # -1 stands for "knows no version"; a client has one request at a time, so earlier rows have ended.
    known = version.where(rows["op"] == op, -1).groupby(session).cummax()
    known = known.groupby(session).shift(fill_value=-1)
    checked = (rows["op"] == "read") & (known >= 0)
    bad = rows[checked & (version < known)]
    if bad.empty:
        return judged(rule, int(checked.sum()), bad, nothing, "", bad)
    first = bad.iloc[0]
    newest = int(known[bad.index[0]])
    mine = (rows["client"] == first["client"]) & (rows["key"] == first["key"])
    earlier = rows[
        mine & (rows["op"] == op) & (version == newest) & (rows["begin"] < first["begin"])
    ]
    sentence = (
        f'client {first["client"]} {did} version {newest} of "{first["key"]}" by t={earlier.iloc[0]["end"]:.6g} s, '
        f"and its read at t={first['begin']:.6g} s returned version {first['version']}"
    )
    example = history.loc[[earlier.index[0], bad.index[0]]]
    return judged(rule, int(checked.sum()), bad, nothing, sentence, example)
