"""What users notice: an answer, in good time, with the data that they had stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachesim.measure.checks.verdict import Verdict, judged, requests_of

if TYPE_CHECKING:
    import pandas as pd


def all_answered(history: pd.DataFrame) -> Verdict:
    """Check that no request failed.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, "cold", None, None, 0, 0, "DatabaseRefused"))
    >>> print(all_answered(recorder.history()))
    all answered: not ok (1 of 1 requests; the first: read of "k" at t=0 s failed: DatabaseRefused)
    """
    rows = history[history["op"] != "sample"]
    bad = rows[rows["error"].notna()]
    sentence, example = "", bad
    if len(bad):
        first = bad.iloc[0]
        sentence = f'{first["op"]} of "{first["key"]}" at t={first["begin"]:.6g} s failed: {first["error"]}'
        beside = rows[(rows["begin"] <= first["end"]) & (rows["end"] >= first["begin"])]
        example = beside.loc[[*beside.index[beside.index != bad.index[0]][:2], bad.index[0]]]
    return judged("all answered", len(rows), bad, "no request", sentence, example)


def short_reads(history: pd.DataFrame, limit: float) -> Verdict:
    """Check that 99 % of the reads take at most `limit` seconds.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, "hit", 0, 0, 0, 0, None))
    >>> (
    ...     short_reads(recorder.history(), limit=0.1).word,
    ...     short_reads(recorder.history(), limit=1).word,
    ... )
    ('not ok', 'ok')
    """
    reads = requests_of(history)
    reads = reads[reads["op"] == "read"]
    took = reads["end"] - reads["begin"]
    rule = "short reads"
    if reads.empty:
        return Verdict(rule, None, "no read was answered")
    p99 = float(took.quantile(0.99))
    why = f"p99 {1000 * p99:.3g} ms, allowed {1000 * limit:.3g} ms"
    if p99 <= limit:
        return Verdict(rule, True, why)
    bad = reads[took > limit]
    return Verdict(rule, False, why, _beside(history, bad.iloc[0]), len(bad))


def _beside(history: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return a request after two that were in progress when it began: writes first, because they are fewer."""
    rows = history[(history["op"] != "sample") & (history["begin"] <= row["begin"])]
    rows = rows[rows["end"] > row["begin"]]
    beside = rows[rows.index != row.name].sort_values("op", ascending=False, kind="stable")
    return history.loc[[*beside.index[:2], row.name]]


def none_evicted(history: pd.DataFrame) -> Verdict:
    """Check that no read misses because its key was evicted; with sessions, that is a user logged out.

    >>> from cachesim.measure.history import Recorder
    >>> recorder = Recorder()
    >>> recorder.request((0, "read", "k", 0.0, 0.5, "evicted", None, None, 0, 0, None))
    >>> none_evicted(recorder.history()).word
    'not ok'
    """
    rows = requests_of(history)
    reads = rows[(rows["op"] == "read") & rows["lookup"].notna()]
    bad = reads[reads["lookup"] == "evicted"]
    sentence, example = "", bad[:0]
    if len(bad):
        first = bad.iloc[0]
        earlier = rows[(rows["key"] == first["key"]) & (rows["end"] <= first["begin"])].index[-1:]
        example = history.loc[[*earlier, bad.index[0]]]
        sentence = f'"{first["key"]}" was evicted when it was read at t={first["begin"]:.6g} s'
    return judged("none evicted", len(reads), bad, "no read asked the cache", sentence, example)
