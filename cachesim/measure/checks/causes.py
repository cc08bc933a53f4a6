"""Why reads were stale: which request stored the old copy in the cache, and when.

An earlier request stored the copy that a stale hit returned: a read that missed and filled, or the write of that
very version. The moment in which that request ended shows what went wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cachesim.measure.checks.verdict import Verdict, judged, requests_of
from cachesim.measure.metrics import answered, stale_reads
from cachesim.units import visible

if TYPE_CHECKING:
    import pandas as pd

STALE_SET = "stale set"  # a fill ended after a newer version had been acknowledged
FILL_DURING_WRITE = "fill during a write"  # a fill ended while the newer version was being written
INVERSION = "dual-write inversion"  # the older of two versions was set last
OUTLIVED = "outlived"  # the copy was right when it was stored, and nothing removed it
UNKNOWN = "unknown"  # the request that stored the copy is not part of the history


def stale_causes(history: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stale read: key, begin, version, `cause`, and `stored`, the row that stored the copy.

    The cause is one of "stale set", "fill during a write", "dual-write inversion", "outlived" and "unknown".
    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.2, 0.6, None, 1, 1, 0, 0, None))
    >>> recorder.request((1, "read", "k", 0.0, 1.0, "cold", 0, 0, 0, 0, None))
    >>> recorder.request((2, "read", "k", 2.0, 2.1, "hit", 0, 0, 1, 1, None))
    >>> stale_causes(recorder.history())["cause"].tolist()
    ['stale set']
    """
    stale = stale_reads(history)
    stored = _stored_by(history, stale)
    newer = _newer_write(history, stale)
    known = stored.notna().to_numpy()
    by = history.reindex(stored[known].to_numpy())
    cause = np.full(len(stale), UNKNOWN, dtype=object)
    cause[known] = _cause(by, newer[known])
    return stale[["key", "begin", "version"]].assign(cause=cause, stored=stored.to_numpy())


def _stored_by(history: pd.DataFrame, stale: pd.DataFrame) -> pd.Series:
    """Return, for each stale read, the row of the last earlier request that stored the returned version."""
    import pandas as pd

    rows = requests_of(history)
    fills = (rows["op"] == "read") & rows["lookup"].notna() & (rows["lookup"] != "hit")
    storing = rows[(fills | (rows["op"] == "write")) & rows["version"].notna()]
    storing = storing.assign(stored=storing.index)[["key", "version", "end", "stored"]]
    asked = stale[["key", "version", "end"]].assign(row=range(len(stale)))
    found = pd.merge_asof(
        asked.sort_values("end", kind="stable"),
        storing.sort_values("end", kind="stable"),
        on="end",
        by=["key", "version"],
    )
    return found.sort_values("row")["stored"]


def _newer_write(history: pd.DataFrame, stale: pd.DataFrame) -> pd.DataFrame:
    """Return begin and end of the write of the next version, for each stale read; NaN if it is unknown."""
    rows = requests_of(history)
    writes = rows[(rows["op"] == "write") & rows["version"].notna()]
    writes = writes.drop_duplicates(["key", "version"]).set_index(["key", "version"])
    following = list(zip(stale["key"], stale["version"] + 1, strict=True))
    return writes[["begin", "end"]].reindex(following)


def _cause(by: pd.DataFrame, newer: pd.DataFrame) -> np.ndarray:
    """Return the causes: the requests `by` stored the copies, and the writes `newer` outdated them."""
    ended, began = by["end"].to_numpy(), newer["begin"].to_numpy()
    acknowledged = newer["end"].to_numpy()
    is_fill = (by["op"] == "read").to_numpy()
    late = ended > acknowledged
    during = ~late & (ended > began)
    conditions = [
        is_fill & late,
        ~is_fill & late,
        is_fill & during,
        np.isnan(acknowledged),
    ]
    names = [STALE_SET, INVERSION, FILL_DURING_WRITE, UNKNOWN]
    return np.asarray(np.select(conditions, names, default=OUTLIVED))


def no_stale_copy(history: pd.DataFrame, cause: str | None = None) -> Verdict:
    """Check that no read returned a stale copy with this cause; None: with any cause.

    The example holds the request that stored the copy, the write that outdated it, and the first stale read.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.2, 0.6, None, 1, 1, 0, 0, None))
    >>> recorder.request((1, "read", "k", 0.0, 1.0, "cold", 0, 0, 0, 0, None))
    >>> recorder.request((2, "read", "k", 2.0, 2.1, "hit", 0, 0, 1, 1, None))
    >>> no_stale_copy(recorder.history(), STALE_SET).example["op"].tolist()
    ['write', 'read', 'read']
    """
    found = stale_causes(history)
    bad = found[found["cause"] == cause] if cause else found
    rule, checked = f"no {cause or 'stale copy'}", len(answered(history))
    if bad.empty:
        return judged(rule, checked, bad, "no read returned a row", "", bad)
    first = bad.iloc[0]
    rows = requests_of(history)
    newer = (rows["op"] == "write") & (rows["key"] == first["key"])
    newer &= (rows["version"] == first["version"] + 1).fillna(False)
    whole = {bad.index[0], *rows.index[newer][:1], *bad["stored"].head(1).dropna().astype(int)}
    sentence = _sentence(history, bad[:1], str(first["cause"])).partition("; the first: ")[2]
    return judged(rule, checked, bad, "", sentence, history.loc[sorted(whole)])


def told_causes(history: pd.DataFrame) -> list[str]:
    """Return one sentence per cause in the history, the most frequent first.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "write", "k", 0.2, 0.6, None, 1, 1, 0, 0, None))
    >>> recorder.request((1, "read", "k", 0.0, 1.0, "cold", 0, 0, 0, 0, None))
    >>> recorder.request((2, "read", "k", 2.0, 2.1, "hit", 0, 0, 1, 1, None))
    >>> print(*told_causes(recorder.history()))
    1 stale read by stale set; the first: read of "k" at t=2 s returned version 0, stored by the read from t=0 to 1 s
    """
    found = stale_causes(history)
    return [
        _sentence(history, found[found["cause"] == cause], str(cause))
        for cause in found["cause"].value_counts().index
    ]


def _sentence(history: pd.DataFrame, rows: pd.DataFrame, cause: str) -> str:
    first, reads = rows.iloc[0], "read" if len(rows) == 1 else "reads"
    stored = ""
    if cause != UNKNOWN and first["stored"] == first["stored"]:
        by = history.loc[first["stored"]]
        stored = f", stored by the {by['op']} from t={by['begin']:.6g} to {by['end']:.6g} s"
    key = visible(str(first["key"]))
    return (
        f'{len(rows):,} stale {reads} by {cause}; the first: read of "{key}" at '
        f"t={first['begin']:.6g} s returned version {first['version']}{stored}"
    )
